/* Drives Vulkan's loader and Lavapipe: fills an image with a colour and reads it back.  */
#include "adapters/mir-vulkan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>

#include "guests/guest.h"
#include "guests/record.h"

enum { SIDE = 64, BYTES = SIDE * SIDE * 4 };

static VKAPI_ATTR void *VKAPI_CALL record_vulkan_alloc (void *user, size_t size, size_t alignment,
                                                        VkSystemAllocationScope scope) {
  (void) user, (void) alignment, (void) scope;
  return record_malloc (size);
}

static VKAPI_ATTR void *VKAPI_CALL record_vulkan_realloc (void *user, void *block, size_t size,
                                                          size_t alignment,
                                                          VkSystemAllocationScope scope) {
  (void) user, (void) alignment, (void) scope;
  return record_realloc (block, size);
}

static VKAPI_ATTR void VKAPI_CALL record_vulkan_free (void *user, void *block) {
  (void) user;
  record_free (block);
}

/* What is made, in order; what could not be made stays zero, and destroying that does nothing.  */
struct scene {
  const VkAllocationCallbacks *callbacks;
  VkInstance instance;
  VkPhysicalDevice gpu;
  VkDevice device;
  VkQueue queue;
  VkImage image;
  VkBuffer buffer;
  VkDeviceMemory image_memory, buffer_memory;
  VkCommandPool pool;
  VkCommandBuffer commands;
};

static VkResult open_device (struct scene *s) {
  const VkApplicationInfo app = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                 .apiVersion = VK_API_VERSION_1_0};
  const VkInstanceCreateInfo instance = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                         .pApplicationInfo = &app};
  const float priority = 1;
  const VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                         .queueCount = 1,
                                         .pQueuePriorities = &priority};
  const VkDeviceCreateInfo device = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                     .queueCreateInfoCount = 1,
                                     .pQueueCreateInfos = &queue};
  VkResult res = vkCreateInstance (&instance, s->callbacks, &s->instance);
  if (res != VK_SUCCESS) return res;
  uint32_t num = 1;
  res = vkEnumeratePhysicalDevices (s->instance, &num, &s->gpu);
  if (res < 0 || num == 0) return res < 0 ? res : VK_ERROR_INITIALIZATION_FAILED;
  res = vkCreateDevice (s->gpu, &device, s->callbacks, &s->device);
  if (res == VK_SUCCESS) vkGetDeviceQueue (s->device, 0, 0, &s->queue);
  return res;
}

static VkResult allocate (struct scene *s, const VkMemoryRequirements *needs,
                          VkDeviceMemory *memory) {
  uint32_t type = 0;
  while ((needs->memoryTypeBits & (1u << type)) == 0) type++;
  const VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                     .allocationSize = needs->size,
                                     .memoryTypeIndex = type};
  return vkAllocateMemory (s->device, &info, s->callbacks, memory);
}

static VkResult make_image (struct scene *s) {
  const VkImageCreateInfo info = {
      .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
      .imageType = VK_IMAGE_TYPE_2D,
      .format = VK_FORMAT_R8G8B8A8_UNORM,
      .extent = {SIDE, SIDE, 1},
      .mipLevels = 1,
      .arrayLayers = 1,
      .samples = VK_SAMPLE_COUNT_1_BIT,
      .usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT};
  VkMemoryRequirements needs;
  VkResult res = vkCreateImage (s->device, &info, s->callbacks, &s->image);
  if (res != VK_SUCCESS) return res;
  vkGetImageMemoryRequirements (s->device, s->image, &needs);
  res = allocate (s, &needs, &s->image_memory);
  return res == VK_SUCCESS ? vkBindImageMemory (s->device, s->image, s->image_memory, 0) : res;
}

static VkResult make_buffer (struct scene *s) {
  const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                   .size = BYTES,
                                   .usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT};
  VkMemoryRequirements needs;
  VkResult res = vkCreateBuffer (s->device, &info, s->callbacks, &s->buffer);
  if (res != VK_SUCCESS) return res;
  vkGetBufferMemoryRequirements (s->device, s->buffer, &needs);
  res = allocate (s, &needs, &s->buffer_memory);
  return res == VK_SUCCESS ? vkBindBufferMemory (s->device, s->buffer, s->buffer_memory, 0) : res;
}

static VkResult fill (struct scene *s) {
  const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
  VkResult res = vkCreateCommandPool (s->device, &pool, s->callbacks, &s->pool);
  if (res != VK_SUCCESS) return res;
  const VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                            .commandPool = s->pool,
                                            .commandBufferCount = 1};
  res = vkAllocateCommandBuffers (s->device, &info, &s->commands);
  if (res != VK_SUCCESS) return res;
  const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  const VkClearColorValue colour = {.float32 = {1, 0, 1, 0}};
  const VkImageSubresourceRange range = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
  const VkBufferImageCopy copy = {.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                  .imageExtent = {SIDE, SIDE, 1}};
  const VkSubmitInfo submit = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                               .commandBufferCount = 1,
                               .pCommandBuffers = &s->commands};
  vkBeginCommandBuffer (s->commands, &begin);
  vkCmdClearColorImage (s->commands, s->image, VK_IMAGE_LAYOUT_GENERAL, &colour, 1, &range);
  vkCmdCopyImageToBuffer (s->commands, s->image, VK_IMAGE_LAYOUT_GENERAL, s->buffer, 1, &copy);
  res = vkEndCommandBuffer (s->commands);
  if (res == VK_SUCCESS) res = vkQueueSubmit (s->queue, 1, &submit, VK_NULL_HANDLE);
  return res == VK_SUCCESS ? vkQueueWaitIdle (s->queue) : res;
}

static VkResult compare (struct scene *s, int *is_right) {
  void *bytes;
  VkResult res = vkMapMemory (s->device, s->buffer_memory, 0, BYTES, 0, &bytes);
  if (res != VK_SUCCESS) return res;
  *is_right = 1;
  for (int i = 0; i < BYTES; i += 4)
    if (memcmp ((char *) bytes + i, "\xff\0\xff\0", 4) != 0) *is_right = 0;
  vkUnmapMemory (s->device, s->buffer_memory);
  return res;
}

static void close_all (struct scene *s) {
  if (s->device != NULL) {
    vkDestroyCommandPool (s->device, s->pool, s->callbacks);
    vkDestroyBuffer (s->device, s->buffer, s->callbacks);
    vkDestroyImage (s->device, s->image, s->callbacks);
    vkFreeMemory (s->device, s->buffer_memory, s->callbacks);
    vkFreeMemory (s->device, s->image_memory, s->callbacks);
    vkDestroyDevice (s->device, s->callbacks);
  }
  if (s->instance != NULL) vkDestroyInstance (s->instance, s->callbacks);
}

static enum guest_result render (MIR_alloc_t alloc) {
  MIR_vulkan_t vulkan = {.alloc = alloc};
  VkAllocationCallbacks callbacks = {
      NULL, record_vulkan_alloc, record_vulkan_realloc, record_vulkan_free, NULL, NULL};
  if (alloc != NULL) callbacks = MIR_vulkan_callbacks (&vulkan);
  struct scene scene = {.callbacks = &callbacks};
  int is_right = 0;
  VkResult res = open_device (&scene);
  if (res == VK_SUCCESS) res = make_image (&scene);
  if (res == VK_SUCCESS) res = make_buffer (&scene);
  if (res == VK_SUCCESS) res = fill (&scene);
  if (res == VK_SUCCESS) res = compare (&scene, &is_right);
  close_all (&scene);
  if (res != VK_SUCCESS) return res == VK_ERROR_OUT_OF_HOST_MEMORY ? GUEST_NO_MEMORY : GUEST_WRONG;
  return is_right ? GUEST_RIGHT : GUEST_WRONG;
}

const char *guest_version (void) {
  static char text[16];
  uint32_t version = 0;
  vkEnumerateInstanceVersion (&version);
  snprintf (text, sizeof (text), "%u.%u.%u", VK_VERSION_MAJOR (version), VK_VERSION_MINOR (version),
            VK_VERSION_PATCH (version));
  return text;
}

const struct guest guests[] = {
    {.name = "Vulkan, Lavapipe", .run = render, .refusals = GUEST_NOT_ALWAYS},
    {.name = NULL},
};
