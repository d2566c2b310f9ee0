/* Drives Vulkan's loader and Lavapipe: renders a triangle into an image and reads it back.  Mesa's
   cache of compiled shaders on disk is off: with it the first run and all others do other work.  */
#include "adapters/mir-vulkan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>

#include "guests/guest.h"
#include "guests/record.h"
#include "guests/vulkan-shaders.h"

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

/*---------------- Counts by scope, over any callbacks -----------------------------*/

struct counted {
  VkAllocationCallbacks below;
  size_t made[MIR_VULKAN_SCOPES]; /* as in MIR_vulkan_t */
  int is_strange;                 /* a scope that there is not, or a block that is not aligned */
};

static void *count (struct counted *counted, void *block, size_t alignment,
                    VkSystemAllocationScope scope) {
  if ((unsigned) scope >= MIR_VULKAN_SCOPES || (uintptr_t) block % alignment != 0)
    counted->is_strange = 1;
  else if (block != NULL)
    counted->made[scope]++;
  return block;
}

static VKAPI_ATTR void *VKAPI_CALL counted_alloc (void *user, size_t size, size_t alignment,
                                                  VkSystemAllocationScope scope) {
  struct counted *to = (struct counted *) user;
  return count (to, to->below.pfnAllocation (to->below.pUserData, size, alignment, scope),
                alignment, scope);
}

static VKAPI_ATTR void *VKAPI_CALL counted_realloc (void *user, void *block, size_t size,
                                                    size_t alignment,
                                                    VkSystemAllocationScope scope) {
  struct counted *to = (struct counted *) user;
  return count (to, to->below.pfnReallocation (to->below.pUserData, block, size, alignment, scope),
                alignment, scope);
}

static VKAPI_ATTR void VKAPI_CALL counted_free (void *user, void *block) {
  struct counted *to = (struct counted *) user;
  to->below.pfnFree (to->below.pUserData, block);
}

/* Whether the adapter has counted the same, and the loader and the driver have both allocated.  A
   cache is not made here.  */
static int counts_are_right (const struct counted *counted, const MIR_vulkan_t *vulkan) {
  return !counted->is_strange && memcmp (counted->made, vulkan->made, sizeof (vulkan->made)) == 0
         && vulkan->made[VK_SYSTEM_ALLOCATION_SCOPE_COMMAND] > 0
         && vulkan->made[VK_SYSTEM_ALLOCATION_SCOPE_OBJECT] > 0
         && vulkan->made[VK_SYSTEM_ALLOCATION_SCOPE_DEVICE] > 0
         && vulkan->made[VK_SYSTEM_ALLOCATION_SCOPE_INSTANCE] > 0;
}

/*---------------- The scene -----------------------------*/

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
  VkImageView view;
  VkRenderPass pass;
  VkFramebuffer frame;
  VkShaderModule vertex, fragment;
  VkPipelineLayout layout;
  VkPipeline pipeline;
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
      .usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT};
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

/* The image as what a pass renders to, cleared at its beginning, and copied after its end.  */
static VkResult make_pass (struct scene *s) {
  const VkAttachmentDescription colour = {.format = VK_FORMAT_R8G8B8A8_UNORM,
                                          .samples = VK_SAMPLE_COUNT_1_BIT,
                                          .loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
                                          .storeOp = VK_ATTACHMENT_STORE_OP_STORE,
                                          .finalLayout = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL};
  const VkAttachmentReference to = {0, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL};
  const VkSubpassDescription subpass = {.pipelineBindPoint = VK_PIPELINE_BIND_POINT_GRAPHICS,
                                        .colorAttachmentCount = 1,
                                        .pColorAttachments = &to};
  const VkSubpassDependency before_copy = {
      .srcSubpass = 0,
      .dstSubpass = VK_SUBPASS_EXTERNAL,
      .srcStageMask = VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT,
      .dstStageMask = VK_PIPELINE_STAGE_TRANSFER_BIT,
      .srcAccessMask = VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT,
      .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT};
  const VkRenderPassCreateInfo pass = {.sType = VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO,
                                       .attachmentCount = 1,
                                       .pAttachments = &colour,
                                       .subpassCount = 1,
                                       .pSubpasses = &subpass,
                                       .dependencyCount = 1,
                                       .pDependencies = &before_copy};
  const VkImageViewCreateInfo view = {.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
                                      .image = s->image,
                                      .viewType = VK_IMAGE_VIEW_TYPE_2D,
                                      .format = VK_FORMAT_R8G8B8A8_UNORM,
                                      .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1}};
  VkResult res = vkCreateRenderPass (s->device, &pass, s->callbacks, &s->pass);
  if (res == VK_SUCCESS) res = vkCreateImageView (s->device, &view, s->callbacks, &s->view);
  if (res != VK_SUCCESS) return res;
  const VkFramebufferCreateInfo frame = {.sType = VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO,
                                         .renderPass = s->pass,
                                         .attachmentCount = 1,
                                         .pAttachments = &s->view,
                                         .width = SIDE,
                                         .height = SIDE,
                                         .layers = 1};
  return vkCreateFramebuffer (s->device, &frame, s->callbacks, &s->frame);
}

static VkResult make_shaders (struct scene *s) {
  const VkShaderModuleCreateInfo vertex = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                           .codeSize = sizeof (vertex_words),
                                           .pCode = vertex_words};
  const VkShaderModuleCreateInfo fragment = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                             .codeSize = sizeof (fragment_words),
                                             .pCode = fragment_words};
  const VkPipelineLayoutCreateInfo layout = {.sType =
                                                 VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
  VkResult res = vkCreateShaderModule (s->device, &vertex, s->callbacks, &s->vertex);
  if (res == VK_SUCCESS)
    res = vkCreateShaderModule (s->device, &fragment, s->callbacks, &s->fragment);
  if (res == VK_SUCCESS)
    res = vkCreatePipelineLayout (s->device, &layout, s->callbacks, &s->layout);
  return res;
}

static VkResult make_pipeline (struct scene *s) {
  const VkPipelineShaderStageCreateInfo stages[] = {
      {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
       .stage = VK_SHADER_STAGE_VERTEX_BIT,
       .module = s->vertex,
       .pName = "main"},
      {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
       .stage = VK_SHADER_STAGE_FRAGMENT_BIT,
       .module = s->fragment,
       .pName = "main"}};
  const VkPipelineVertexInputStateCreateInfo input = {
      .sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO};
  const VkPipelineInputAssemblyStateCreateInfo assembly = {
      .sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO,
      .topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST};
  const VkViewport viewport = {0, 0, SIDE, SIDE, 0, 1};
  const VkRect2D scissor = {{0, 0}, {SIDE, SIDE}};
  const VkPipelineViewportStateCreateInfo viewports = {
      .sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO,
      .viewportCount = 1,
      .pViewports = &viewport,
      .scissorCount = 1,
      .pScissors = &scissor};
  const VkPipelineRasterizationStateCreateInfo raster = {
      .sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO,
      .cullMode = VK_CULL_MODE_NONE,
      .lineWidth = 1};
  const VkPipelineMultisampleStateCreateInfo samples = {
      .sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO,
      .rasterizationSamples = VK_SAMPLE_COUNT_1_BIT};
  const VkPipelineColorBlendAttachmentState all_colours = {.colorWriteMask = 0xf};
  const VkPipelineColorBlendStateCreateInfo blend = {
      .sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO,
      .attachmentCount = 1,
      .pAttachments = &all_colours};
  const VkGraphicsPipelineCreateInfo info = {
      .sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO,
      .stageCount = 2,
      .pStages = stages,
      .pVertexInputState = &input,
      .pInputAssemblyState = &assembly,
      .pViewportState = &viewports,
      .pRasterizationState = &raster,
      .pMultisampleState = &samples,
      .pColorBlendState = &blend,
      .layout = s->layout,
      .renderPass = s->pass};
  return vkCreateGraphicsPipelines (s->device, VK_NULL_HANDLE, 1, &info, s->callbacks,
                                    &s->pipeline);
}

static VkResult make_commands (struct scene *s) {
  const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
  VkResult res = vkCreateCommandPool (s->device, &pool, s->callbacks, &s->pool);
  if (res != VK_SUCCESS) return res;
  const VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                            .commandPool = s->pool,
                                            .commandBufferCount = 1};
  return vkAllocateCommandBuffers (s->device, &info, &s->commands);
}

static VkResult draw (struct scene *s) {
  const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  const VkClearValue magenta = {.color = {.float32 = {1, 0, 1, 0}}};
  const VkRenderPassBeginInfo pass = {.sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
                                      .renderPass = s->pass,
                                      .framebuffer = s->frame,
                                      .renderArea = {{0, 0}, {SIDE, SIDE}},
                                      .clearValueCount = 1,
                                      .pClearValues = &magenta};
  const VkBufferImageCopy copy = {.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                  .imageExtent = {SIDE, SIDE, 1}};
  const VkSubmitInfo submit = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                               .commandBufferCount = 1,
                               .pCommandBuffers = &s->commands};
  VkResult res = vkBeginCommandBuffer (s->commands, &begin);
  if (res != VK_SUCCESS) return res;
  vkCmdBeginRenderPass (s->commands, &pass, VK_SUBPASS_CONTENTS_INLINE);
  vkCmdBindPipeline (s->commands, VK_PIPELINE_BIND_POINT_GRAPHICS, s->pipeline);
  vkCmdDraw (s->commands, 3, 1, 0, 0);
  vkCmdEndRenderPass (s->commands);
  vkCmdCopyImageToBuffer (s->commands, s->image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, s->buffer, 1,
                          &copy);
  res = vkEndCommandBuffer (s->commands);
  if (res == VK_SUCCESS) res = vkQueueSubmit (s->queue, 1, &submit, VK_NULL_HANDLE);
  return res == VK_SUCCESS ? vkQueueWaitIdle (s->queue) : res;
}

/* The pixel at X, Y as the shaders say.  A pixel on the edge may be either.  */
static int pixel_is_right (const unsigned char *pixel, int x, int y) {
  const unsigned char inside[] = {(unsigned char) x, (unsigned char) y, 0, 255};
  static const unsigned char outside[] = {255, 0, 255, 0};
  int sum = x + y + 1;
  return (sum <= SIDE && memcmp (pixel, inside, 4) == 0)
         || (sum >= SIDE && memcmp (pixel, outside, 4) == 0);
}

static VkResult compare (struct scene *s, int *is_right) {
  void *bytes;
  VkResult res = vkMapMemory (s->device, s->buffer_memory, 0, BYTES, 0, &bytes);
  if (res != VK_SUCCESS) return res;
  *is_right = 1;
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      if (!pixel_is_right ((const unsigned char *) bytes + (y * SIDE + x) * 4, x, y)) *is_right = 0;
  vkUnmapMemory (s->device, s->buffer_memory);
  return res;
}

static void close_all (struct scene *s) {
  if (s->device != NULL) {
    vkDestroyCommandPool (s->device, s->pool, s->callbacks);
    vkDestroyPipeline (s->device, s->pipeline, s->callbacks);
    vkDestroyPipelineLayout (s->device, s->layout, s->callbacks);
    vkDestroyShaderModule (s->device, s->fragment, s->callbacks);
    vkDestroyShaderModule (s->device, s->vertex, s->callbacks);
    vkDestroyFramebuffer (s->device, s->frame, s->callbacks);
    vkDestroyImageView (s->device, s->view, s->callbacks);
    vkDestroyRenderPass (s->device, s->pass, s->callbacks);
    vkDestroyBuffer (s->device, s->buffer, s->callbacks);
    vkDestroyImage (s->device, s->image, s->callbacks);
    vkFreeMemory (s->device, s->buffer_memory, s->callbacks);
    vkFreeMemory (s->device, s->image_memory, s->callbacks);
    vkDestroyDevice (s->device, s->callbacks);
  }
  if (s->instance != NULL) vkDestroyInstance (s->instance, s->callbacks);
}

static VkResult make_all (struct scene *s) {
  static VkResult (*const steps[]) (struct scene *s) = {
      open_device, make_image, make_buffer, make_pass, make_shaders, make_pipeline, make_commands};
  VkResult res = VK_SUCCESS;
  for (size_t i = 0; i < sizeof (steps) / sizeof (*steps) && res == VK_SUCCESS; i++)
    res = steps[i](s);
  return res;
}

static enum guest_result render (MIR_alloc_t alloc) {
  MIR_vulkan_t vulkan = {.alloc = alloc};
  struct counted counted = {
      .below = {NULL, record_vulkan_alloc, record_vulkan_realloc, record_vulkan_free, NULL, NULL}};
  if (alloc != NULL) counted.below = MIR_vulkan_callbacks (&vulkan);
  const VkAllocationCallbacks callbacks = {&counted,     counted_alloc, counted_realloc,
                                           counted_free, NULL,          NULL};
  struct scene scene = {.callbacks = &callbacks};
  int is_right = 0;
  if (setenv ("MESA_SHADER_CACHE_DISABLE", "true", 1) != 0) return GUEST_WRONG;
  VkResult res = make_all (&scene);
  if (res == VK_SUCCESS) res = draw (&scene);
  if (res == VK_SUCCESS) res = compare (&scene, &is_right);
  close_all (&scene);
  if (res != VK_SUCCESS) return res == VK_ERROR_OUT_OF_HOST_MEMORY ? GUEST_NO_MEMORY : GUEST_WRONG;
  if (alloc != NULL && !counts_are_right (&counted, &vulkan)) return GUEST_WRONG;
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
