/**
 * Hosts on this machine: network namespaces with addresses and names of their own, joined by a bridge. OpenMPI's mpirun
 * reaches them through a script in ssh's place.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { runProcess, succeeds } from "../../process.ts";

/** Whether hosts can be made here: as root, with namespaces. */
export function hasHosts(): boolean {
  const name = `mmtry${Deno.pid}`;
  return Deno.build.os === "linux" && Deno.uid() === 0 &&
    succeeds(["sh", "-c", `ip netns add ${name} && ip netns del ${name} && command -v unshare`]);
}

/** Running hosts. */
export class HostsRig implements AsyncDisposable {
  private constructor(
    private readonly folder: string,
    /** Begins the names of the bridge, the links and the hosts. */
    private readonly name: string,
    /** The first three numbers of all addresses. */
    private readonly net: string,
    private readonly count: number,
  ) {}

  /**
   * Makes hosts 1 to `hosts`.
   *
   * @param options.rate What a host can send and receive, as `tc` writes it, such as `100mbit`; any by default.
   */
  static async start(options: { hosts: number; rate?: string }): Promise<HostsRig> {
    const { hosts, rate } = options;
    const folder = await Deno.makeTempDir({ prefix: "mmvm-hosts-" });
    // 198.18.0.0/15 is for tests of networks; other rigs of this machine have other numbers.
    const [first, second] = crypto.getRandomValues(new Uint8Array(2)) as unknown as [number, number];
    const name = `mm${(256 * first + second).toString(16)}`;
    const rig = new HostsRig(folder, name, `198.${18 + first % 2}.${second}`, hosts);
    try {
      await rig.#create(rate);
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The command that starts a rank on each host. */
  mpirun(): string[] {
    const addresses = Array.from({ length: this.count }, (_, i) => `${this.#address(i + 1)}:1`);
    const settings = {
      plm_rsh_agent: this.#agent,
      oob_tcp_if_include: `${this.net}.0/24`,
      btl_tcp_if_include: `${this.net}.0/24`,
      btl: "tcp,self",
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ["--mca", name, value]);
    return ["mpirun.openmpi", ...flags, "--host", addresses.join(","), "-n", `${this.count}`];
  }

  /** Connects a host to the others, or takes its cable out. */
  async setLink(host: number, state: "up" | "down"): Promise<void> {
    await run(`ip link set ${this.#link(host)} ${state}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let host = 1; host <= this.count; host++) {
      const space = this.#space(host);
      await runProcess(["sh", "-c", `ip netns pids ${space} | xargs -r kill -9; ip netns del ${space}`]);
      await runProcess(["ip", "link", "del", this.#link(host)]);
    }
    await runProcess(["ip", "link", "del", this.name]);
    await Deno.remove(this.folder, { recursive: true });
  }

  async #create(rate: string | undefined): Promise<void> {
    await run(`ip link add ${this.name} type bridge`);
    await run(`ip addr add ${this.#address(254)}/24 dev ${this.name}`);
    await run(`ip link set ${this.name} up`);
    const limit = (link: string) => `tc qdisc add dev ${link} root tbf rate ${rate} burst 256kb latency 100ms`;
    for (let host = 1; host <= this.count; host++) {
      const [space, link] = [this.#space(host), this.#link(host)];
      await run(`ip netns add ${space}`);
      await run(`ip link add ${link} type veth peer name eth0 netns ${space}`);
      await run(`ip link set ${link} master ${this.name} up`);
      await run(`ip -n ${space} addr add ${this.#address(host)}/24 dev eth0`);
      await run(`ip -n ${space} link set eth0 up`);
      await run(`ip -n ${space} link set lo up`);
      if (rate === undefined) continue;
      await run(limit(link));
      await run(`ip netns exec ${space} ${limit("eth0")}`);
    }
    // In ssh's place: options, the host's address, the command.
    const script = [
      "#!/bin/bash",
      'while [ "${1#-}" != "$1" ]; do shift; done',
      "host=${1##*.}; shift",
      `exec ip netns exec ${this.name}h$host unshare --uts --ipc sh -c 'hostname "$0"; exec "$@"' ` +
      `${this.name}h$host bash -c "$*"`,
      "",
    ];
    await Deno.writeTextFile(this.#agent, script.join("\n"), { mode: 0o755 });
  }

  get #agent(): string {
    return join(this.folder, "agent.sh");
  }

  #address(host: number): string {
    return `${this.net}.${host}`;
  }

  #space(host: number): string {
    return `${this.name}h${host}`;
  }

  #link(host: number): string {
    return `${this.name}v${host}`;
  }
}

async function run(command: string): Promise<void> {
  const { code, stderr } = await runProcess(command.split(" "));
  assert.equal(code, 0, `${command}: ${stderr}`);
}
