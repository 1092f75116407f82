/*
 * A Vulkan layer that makes Mesa's RADV null device acceptable to wgpu (Deno's WebGPU), so that pipelines can be compiled for AMD
 * GPUs on a machine without one.
 *
 * The null device reports no memory types and supports timeline semaphores only in name. The layer adds memory types, hides
 * timeline semaphores, and turns every command and submission into nothing: shaders are compiled, never run.
 * LAYER_VERBOSE=1 logs failing calls and extensions, 2 all wrapped calls.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>
#include <vulkan/vk_layer.h>
#define EXPORT __attribute__((visibility("default")))
static PFN_vkGetInstanceProcAddr next_gipa;
static PFN_vkGetDeviceProcAddr next_gdpa;
static VkInstance the_instance;
static int verbose;
static PFN_vkGetPhysicalDeviceFeatures2 n_Features2;
static PFN_vkGetPhysicalDeviceMemoryProperties n_Memory;
static PFN_vkGetPhysicalDeviceMemoryProperties2 n_Memory2;
#define LOG(r, name) do { if ((r) != VK_SUCCESS || verbose > 1) fprintf(stderr, "[layer] %s -> %d\n", name, (int)(r)); } while (0)

static VKAPI_ATTR VkResult VKAPI_CALL l_CreateInstance(const VkInstanceCreateInfo* ci, const VkAllocationCallbacks* a, VkInstance* out) {
  VkLayerInstanceCreateInfo* c = (void*)ci->pNext;
  while (c && !(c->sType == VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO && c->function == VK_LAYER_LINK_INFO)) c = (void*)c->pNext;
  if (!c) return VK_ERROR_INITIALIZATION_FAILED;
  next_gipa = c->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  c->u.pLayerInfo = c->u.pLayerInfo->pNext;
  verbose = getenv("LAYER_VERBOSE") ? atoi(getenv("LAYER_VERBOSE")) : 0;
  PFN_vkCreateInstance f = (void*)next_gipa(NULL, "vkCreateInstance");
  VkResult r = f(ci, a, out);
  the_instance = *out;
  // Here and not later: afterwards the loader answers with this layer's own functions.
  n_Features2 = (void*)next_gipa(*out, "vkGetPhysicalDeviceFeatures2");
  n_Memory = (void*)next_gipa(*out, "vkGetPhysicalDeviceMemoryProperties");
  n_Memory2 = (void*)next_gipa(*out, "vkGetPhysicalDeviceMemoryProperties2");
  LOG(r, "vkCreateInstance");
  return r;
}
static VKAPI_ATTR VkResult VKAPI_CALL l_CreateDevice(VkPhysicalDevice pd, const VkDeviceCreateInfo* ci, const VkAllocationCallbacks* a, VkDevice* out) {
  VkLayerDeviceCreateInfo* c = (void*)ci->pNext;
  while (c && !(c->sType == VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO && c->function == VK_LAYER_LINK_INFO)) c = (void*)c->pNext;
  if (!c) return VK_ERROR_INITIALIZATION_FAILED;
  PFN_vkGetInstanceProcAddr gipa = c->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  next_gdpa = c->u.pLayerInfo->pfnNextGetDeviceProcAddr;
  c->u.pLayerInfo = c->u.pLayerInfo->pNext;
  PFN_vkCreateDevice f = (void*)gipa(the_instance, "vkCreateDevice");
  VkResult r = f(pd, ci, a, out);
  LOG(r, "vkCreateDevice");
  if (verbose) for (uint32_t i = 0; i < ci->enabledExtensionCount; i++) fprintf(stderr, "[layer] ext %s\n", ci->ppEnabledExtensionNames[i]);
  return r;
}
static void mask(VkPhysicalDeviceFeatures2* f) {
  for (VkBaseOutStructure* s = (void*)f->pNext; s; s = s->pNext) {
    if (s->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES) ((VkPhysicalDeviceTimelineSemaphoreFeatures*)s)->timelineSemaphore = 0;
    if (s->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES) ((VkPhysicalDeviceVulkan12Features*)s)->timelineSemaphore = 0;
  }
}
static VKAPI_ATTR void VKAPI_CALL l_GetPhysicalDeviceFeatures2(VkPhysicalDevice pd, VkPhysicalDeviceFeatures2* f) {
  n_Features2(pd, f); mask(f);
}
// The null device has no memory: give it a heap of device memory and a heap of the host's.
static void add_memory(VkPhysicalDeviceMemoryProperties* m) {
  if (m->memoryTypeCount) return;
  m->memoryHeapCount = 2;
  m->memoryHeaps[0] = (VkMemoryHeap){ 80ull << 30, VK_MEMORY_HEAP_DEVICE_LOCAL_BIT };
  m->memoryHeaps[1] = (VkMemoryHeap){ 64ull << 30, 0 };
  m->memoryTypeCount = 3;
  m->memoryTypes[0] = (VkMemoryType){ VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0 };
  m->memoryTypes[1] = (VkMemoryType){ VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT, 1 };
  m->memoryTypes[2] = (VkMemoryType){ VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, 1 };
}
static VKAPI_ATTR void VKAPI_CALL l_GetPhysicalDeviceMemoryProperties(VkPhysicalDevice pd, VkPhysicalDeviceMemoryProperties* m) { n_Memory(pd, m); add_memory(m); }
static VKAPI_ATTR void VKAPI_CALL l_GetPhysicalDeviceMemoryProperties2(VkPhysicalDevice pd, VkPhysicalDeviceMemoryProperties2* m) {
  n_Memory2(pd, m); add_memory(&m->memoryProperties);
  for (VkBaseOutStructure* s = (void*)m->pNext; s; s = s->pNext)
    if (s->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT) {
      VkPhysicalDeviceMemoryBudgetPropertiesEXT* b = (void*)s;
      b->heapBudget[0] = 80ull << 30; b->heapBudget[1] = 64ull << 30; b->heapUsage[0] = b->heapUsage[1] = 0;
    }
}
static VKAPI_ATTR void VKAPI_CALL l_GetPhysicalDeviceFeatures2KHR(VkPhysicalDevice pd, VkPhysicalDeviceFeatures2* f) {
  n_Features2(pd, f); mask(f);
}
#define WRAP(name, params, args) static PFN_vk##name n_##name; static VKAPI_ATTR VkResult VKAPI_CALL l_##name params { VkResult r = n_##name args; LOG(r, "vk" #name); return r; }
#define P4(T, R) (VkDevice d, const T* ci, const VkAllocationCallbacks* a, R* out)
WRAP(CreateSemaphore, P4(VkSemaphoreCreateInfo, VkSemaphore), (d, ci, a, out))
WRAP(CreateFence, P4(VkFenceCreateInfo, VkFence), (d, ci, a, out))
WRAP(AllocateMemory, P4(VkMemoryAllocateInfo, VkDeviceMemory), (d, ci, a, out))
WRAP(CreateBuffer, P4(VkBufferCreateInfo, VkBuffer), (d, ci, a, out))
WRAP(CreateImage, P4(VkImageCreateInfo, VkImage), (d, ci, a, out))
WRAP(CreateDescriptorPool, P4(VkDescriptorPoolCreateInfo, VkDescriptorPool), (d, ci, a, out))
WRAP(CreateCommandPool, P4(VkCommandPoolCreateInfo, VkCommandPool), (d, ci, a, out))
WRAP(CreateQueryPool, P4(VkQueryPoolCreateInfo, VkQueryPool), (d, ci, a, out))
WRAP(CreatePipelineCache, P4(VkPipelineCacheCreateInfo, VkPipelineCache), (d, ci, a, out))
WRAP(BindBufferMemory, (VkDevice d, VkBuffer b, VkDeviceMemory m, VkDeviceSize o), (d, b, m, o))
WRAP(MapMemory, (VkDevice d, VkDeviceMemory m, VkDeviceSize o, VkDeviceSize s, VkMemoryMapFlags f, void** p), (d, m, o, s, f, p))
WRAP(GetSemaphoreCounterValue, (VkDevice d, VkSemaphore s, uint64_t* v), (d, s, v))
WRAP(WaitSemaphores, (VkDevice d, const VkSemaphoreWaitInfo* i, uint64_t t), (d, i, t))
WRAP(AllocateCommandBuffers, (VkDevice d, const VkCommandBufferAllocateInfo* i, VkCommandBuffer* o), (d, i, o))
WRAP(AllocateDescriptorSets, (VkDevice d, const VkDescriptorSetAllocateInfo* i, VkDescriptorSet* o), (d, i, o))
WRAP(CreateComputePipelines, (VkDevice d, VkPipelineCache c, uint32_t n, const VkComputePipelineCreateInfo* i, const VkAllocationCallbacks* a, VkPipeline* o), (d, c, n, i, a, o))

static PFN_vkGetBufferMemoryRequirements n_GetBufferMemoryRequirements;
static VKAPI_ATTR void VKAPI_CALL l_GetBufferMemoryRequirements(VkDevice d, VkBuffer b, VkMemoryRequirements* m) { n_GetBufferMemoryRequirements(d, b, m); m->memoryTypeBits |= 7; }
static PFN_vkGetImageMemoryRequirements n_GetImageMemoryRequirements;
static VKAPI_ATTR void VKAPI_CALL l_GetImageMemoryRequirements(VkDevice d, VkImage b, VkMemoryRequirements* m) { n_GetImageMemoryRequirements(d, b, m); m->memoryTypeBits |= 7; }
WRAP(CreateShaderModule, (VkDevice d, const VkShaderModuleCreateInfo* ci, const VkAllocationCallbacks* a, VkShaderModule* out), (d, ci, a, out))

// Commands are neither recorded nor run: the null device lacks what recording needs, and does nothing with them.
static VKAPI_ATTR VkResult VKAPI_CALL l_nothing(void) { return VK_SUCCESS; }
static int skipped(const char* name) {
  static const char* const names[] = { "vkBeginCommandBuffer", "vkEndCommandBuffer", "vkResetCommandBuffer", "vkResetCommandPool", "vkQueueSubmit", "vkQueueSubmit2", "vkWaitForFences", "vkGetFenceStatus", "vkResetFences", "vkQueueWaitIdle", "vkDeviceWaitIdle", "vkResetQueryPool", "vkFlushMappedMemoryRanges", "vkInvalidateMappedMemoryRanges" };
  if (!strncmp(name, "vkCmd", 5)) return 1;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) if (!strcmp(name, names[i])) return 1;
  return 0;
}
EXPORT VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL null_GetDeviceProcAddr(VkDevice d, const char* name) {
  PFN_vkVoidFunction next = next_gdpa(d, name);
  if (!strcmp(name, "vkGetDeviceProcAddr")) return (void*)null_GetDeviceProcAddr;
  if (!next) return NULL;
  if (skipped(name)) return (void*)l_nothing;
#define W(n) if (!strcmp(name, "vk" #n)) { n_##n = (void*)next; return (void*)l_##n; }
  W(CreateSemaphore) W(CreateFence) W(AllocateMemory) W(CreateBuffer) W(CreateImage) W(CreateDescriptorPool) W(CreateCommandPool)
  W(CreateQueryPool) W(CreatePipelineCache) W(BindBufferMemory) W(MapMemory) W(GetSemaphoreCounterValue) W(WaitSemaphores)
  W(AllocateCommandBuffers) W(AllocateDescriptorSets) W(CreateComputePipelines) W(CreateShaderModule)
  W(GetBufferMemoryRequirements) W(GetImageMemoryRequirements)
  return next;
}
EXPORT VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL null_GetInstanceProcAddr(VkInstance i, const char* name) {
  if (!strcmp(name, "vkGetInstanceProcAddr")) return (void*)null_GetInstanceProcAddr;
  if (!strcmp(name, "vkCreateInstance")) return (void*)l_CreateInstance;
  if (!strcmp(name, "vkCreateDevice")) return (void*)l_CreateDevice;
  if (!strcmp(name, "vkGetDeviceProcAddr")) return (void*)null_GetDeviceProcAddr;
  if (!strcmp(name, "vkGetPhysicalDeviceFeatures2")) return (void*)l_GetPhysicalDeviceFeatures2;
  if (!strcmp(name, "vkGetPhysicalDeviceFeatures2KHR")) return (void*)l_GetPhysicalDeviceFeatures2KHR;
  if (!strcmp(name, "vkGetPhysicalDeviceMemoryProperties")) return (void*)l_GetPhysicalDeviceMemoryProperties;
  if (!strcmp(name, "vkGetPhysicalDeviceMemoryProperties2")) return (void*)l_GetPhysicalDeviceMemoryProperties2;
  if (!strcmp(name, "vkGetPhysicalDeviceMemoryProperties2KHR")) return (void*)l_GetPhysicalDeviceMemoryProperties2;
  return next_gipa ? next_gipa(i, name) : NULL;
}
EXPORT VKAPI_ATTR VkResult VKAPI_CALL vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface* v) {
  v->loaderLayerInterfaceVersion = 2;
  v->pfnGetInstanceProcAddr = null_GetInstanceProcAddr;
  v->pfnGetDeviceProcAddr = null_GetDeviceProcAddr;
  v->pfnGetPhysicalDeviceProcAddr = NULL;
  return VK_SUCCESS;
}
