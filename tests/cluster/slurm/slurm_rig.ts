/**
 * A Slurm cluster of several nodes on this machine, without systemd, cgroups or a database. Each node has process
 * numbers, a host name and a temporary folder of its own, so that everything on it dies with it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { RunningProcess, runProcess, succeeds } from "../../process.ts";

const PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "unshare"];

/** Whether a rig can be started here: as root, with Slurm installed. */
export function hasSlurm(): boolean {
  return Deno.build.os === "linux" && Deno.uid() === 0 &&
    succeeds(["sh", "-c", PROGRAMS.map((name) => `PATH=$PATH:/usr/sbin command -v ${name}`).join(" && ")]);
}

/** A job as `scontrol` describes it. */
export interface JobFacts {
  readonly state: string;
  readonly node: string;
  readonly restarts: number;
  readonly exitCode: string;
}

/** A running rig. */
export class SlurmRig implements AsyncDisposable {
  readonly #daemons = new Map<string, RunningProcess>();

  private constructor(readonly folder: string, private readonly nodes: readonly string[]) {}

  /** Starts nodes of one core each and waits until they are idle. */
  static async start(options: { nodes: number }): Promise<SlurmRig> {
    const folder = await Deno.makeTempDir({ prefix: "mmvm-slurm-" });
    const nodes = Array.from({ length: options.nodes }, (_, i) => `n${i + 1}`);
    const rig = new SlurmRig(folder, nodes);
    try {
      await rig.#configure();
      rig.#launch("munged", [
        "munged",
        "--foreground",
        "--force",
        "--num-threads=2",
        ...["key-file=munge.key", "socket=munge.socket", "pid-file=munged.pid", "log-file=munged.log"]
          .concat("seed-file=munge.seed").map((option) => `--${option.replace("=", `=${folder}/`)}`),
      ]);
      await waitFor("munge", () => Promise.resolve(exists(join(folder, "munge.socket"))));
      rig.#launch("slurmctld", ["slurmctld", "-D", "-f", rig.#conf]);
      for (const node of nodes) rig.startNode(node);
      await waitFor("idle nodes", async () => await rig.idleNodes() === nodes.length);
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The variables that Slurm's programs need. */
  get env(): Record<string, string> {
    return { SLURM_CONF: this.#conf };
  }

  get #conf(): string {
    return join(this.folder, "slurm.conf");
  }

  /** Runs a program of Slurm and returns what it prints. */
  async run(command: readonly string[], options: { cwd?: string } = {}): Promise<string> {
    const { code, stdout, stderr } = await runProcess(command, { env: this.env, ...options });
    assert.equal(code, 0, `${command.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** Starts a node, or starts it again after {@link crashNode}. */
  startNode(node: string): void {
    const script = 'PATH=$PATH:/usr/sbin; hostname "$1"; mount -t tmpfs node "$3"; ' +
      'exec env SLURM_CONF="$2" slurmd -D -N "$1" -f "$2"';
    const isolated = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts", "sh", "-c", script];
    this.#launch(node, [...isolated, "node", node, this.#conf, join(this.folder, "pmix")]);
  }

  /** Kills a node with everything that runs on it, and tells Slurm, which would notice only after a while. */
  async crashNode(node: string): Promise<void> {
    const daemon = this.#daemons.get(node)!;
    daemon.kill("SIGKILL");
    await daemon.ended;
    await this.run(["scontrol", "update", `nodename=${node}`, "state=down", "reason=crash"]);
  }

  async idleNodes(): Promise<number> {
    const { stdout } = await runProcess(["sinfo", "-h", "-t", "idle", "-o", "%D"], { env: this.env });
    return Number(stdout.trim() || 0);
  }

  /** What Slurm knows about a job or the task of an array. */
  async job(id: string): Promise<JobFacts> {
    const text = await this.run(["scontrol", "show", "job", "--oneliner", id]);
    const field = (name: string) => new RegExp(`\\b${name}=(\\S+)`).exec(text)?.[1] ?? "";
    return {
      state: field("JobState"),
      node: field("BatchHost"),
      restarts: Number(field("Restarts")),
      exitCode: field("ExitCode"),
    };
  }

  /** Waits until a job is as wanted. */
  async until(id: string, wanted: (job: JobFacts) => boolean): Promise<JobFacts> {
    let job = await this.job(id);
    await waitFor(`job ${id}`, async () => {
      job = await this.job(id);
      return wanted(job);
    }, () => JSON.stringify(job));
    return job;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [...this.nodes, "slurmctld", "munged"]) {
      const daemon = this.#daemons.get(name);
      daemon?.kill("SIGKILL");
      await daemon?.ended;
    }
    await Deno.remove(this.folder, { recursive: true });
  }

  #launch(name: string, command: readonly string[]): void {
    const withSbin = ["sh", "-c", 'PATH=$PATH:/usr/sbin:/sbin; exec "$@"', "sh", ...command];
    this.#daemons.set(name, new RunningProcess(withSbin));
  }

  async #configure(): Promise<void> {
    const { folder, nodes } = this;
    for (const name of ["state", "spool", "log", "pmix", ...nodes.map((node) => `spool/${node}`)]) {
      await Deno.mkdir(join(folder, name));
    }
    await Deno.chmod(folder, 0o711);
    await Deno.writeFile(join(folder, "munge.key"), crypto.getRandomValues(new Uint8Array(1024)), { mode: 0o400 });
    const ports = freePorts(nodes.length + 1);
    const host = Deno.hostname().split(".")[0]!;
    const list = nodes.join(",");
    const lines = {
      ClusterName: "rig",
      SlurmctldHost: `${host}(127.0.0.1)`,
      SlurmctldPort: ports[0],
      SlurmUser: "root",
      SlurmdUser: "root",
      AuthType: "auth/munge",
      AuthInfo: `cred_expire=5,socket=${folder}/munge.socket`,
      CredType: "cred/munge",
      StateSaveLocation: `${folder}/state`,
      SlurmdSpoolDir: `${folder}/spool/%n`,
      SlurmctldPidFile: `${folder}/slurmctld.pid`,
      SlurmdPidFile: `${folder}/%n.pid`,
      SlurmctldLogFile: `${folder}/log/slurmctld.log`,
      SlurmdLogFile: `${folder}/log/%n.log`,
      ProctrackType: "proctrack/linuxproc",
      TaskPlugin: "task/none",
      JobAcctGatherType: "jobacct_gather/none",
      AccountingStorageType: "accounting_storage/none",
      SwitchType: "switch/none",
      MpiDefault: "none",
      ReturnToService: 2,
      SchedulerType: "sched/backfill",
      SlurmdParameters: "config_overrides",
      SelectType: "select/cons_tres",
      SelectTypeParameters: "CR_CPU",
      JobRequeue: 1,
      MailProg: "/bin/true",
      // Limits that a loaded machine keeps: a node that is silent for longer is down, and its jobs start again.
      SlurmdTimeout: 120,
      SlurmctldTimeout: 120,
      InactiveLimit: 0,
      KillWait: 5,
      MinJobAge: 600,
      MessageTimeout: 60,
      BatchStartTimeout: 120,
      SchedulerParameters: "batch_sched_delay=0,bf_interval=1,sched_interval=2,sched_min_interval=100000",
    };
    await Deno.writeTextFile(
      this.#conf,
      [
        ...Object.entries(lines).map(([key, value]) => `${key}=${value}`),
        ...nodes.map((node, i) =>
          `NodeName=${node} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${ports[i + 1]} CPUs=1 RealMemory=4000`
        ),
        `PartitionName=main Nodes=${list} Default=YES MaxTime=INFINITE State=UP`,
        "",
      ].join("\n"),
    );
    await Deno.writeTextFile(join(folder, "mpi.conf"), `PMIxCliTmpDirBase=${folder}/pmix\n`);
  }
}

/** Ports that are free at the moment. */
function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  return listeners.map((listener) => {
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    return port;
  });
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Waits until a condition holds, for at most five minutes: jobs are whole trainings, on a machine that may be busy. */
export async function waitFor(
  what: string,
  holds: () => Promise<boolean>,
  state: () => string = () => "",
): Promise<void> {
  const deadline = performance.now() + 300_000;
  while (!await holds()) {
    assert.ok(performance.now() < deadline, `waited five minutes for ${what} ${state()}`);
    await delay(100);
  }
}
