/* Drives SDL 3: a window without a screen, its surface, events and properties.  */
#include "adapters/mir-sdl3.h"

#include <SDL3/SDL.h>
#include <stdio.h>

#include "guests/guest.h"
#include "guests/record.h"

enum { WIDTH = 64, HEIGHT = 48 };

static bool paint (SDL_Window *window) {
  SDL_Surface *surface = SDL_GetWindowSurface (window);
  if (surface == NULL || !SDL_FillSurfaceRect (surface, NULL, 0xff804020)) return false;
  SDL_Surface *copy = SDL_ConvertSurface (surface, SDL_PIXELFORMAT_RGB24);
  if (copy == NULL) return false;
  Uint8 red, green, blue;
  bool is_good = SDL_ReadSurfacePixel (copy, WIDTH / 2, HEIGHT / 2, &red, &green, &blue, NULL)
                 && red == 0x80 && green == 0x40 && blue == 0x20;
  SDL_DestroySurface (copy);
  return is_good && SDL_UpdateWindowSurface (window);
}

static bool send_events (void) {
  SDL_Event event = {.type = SDL_RegisterEvents (1)};
  const Uint32 type = event.type;
  int num = 0;
  for (int i = 0; i < 20; i++)
    if (!SDL_PushEvent (&event)) return false;
  while (SDL_PollEvent (&event)) num += event.type == type;
  return num == 20;
}

static bool set_properties (SDL_Window *window) {
  SDL_PropertiesID properties = SDL_GetWindowProperties (window);
  for (int i = 0; i < 50; i++) {
    char name[32];
    snprintf (name, sizeof (name), "guest.property.%d", i);
    if (!SDL_SetNumberProperty (properties, name, i)) return false;
  }
  return SDL_GetNumberProperty (properties, "guest.property.49", 0) == 49;
}

static enum guest_result work (MIR_alloc_t alloc) {
  if (!(alloc != NULL
            ? MIR_sdl3_use (alloc)
            : SDL_SetMemoryFunctions (record_malloc, record_calloc, record_realloc, record_free)))
    return GUEST_WRONG;
  SDL_SetHint (SDL_HINT_VIDEO_DRIVER, "dummy");
  bool is_good = SDL_Init (SDL_INIT_VIDEO);
  SDL_Window *window = is_good ? SDL_CreateWindow ("a guest", WIDTH, HEIGHT, 0) : NULL;
  is_good = window != NULL && paint (window) && send_events () && set_properties (window);
  SDL_DestroyWindow (window);
  SDL_Quit ();
  return is_good ? GUEST_RIGHT : GUEST_NO_MEMORY;
}

const char *guest_version (void) {
  static char text[32];
  const int version = SDL_GetVersion ();
  snprintf (text, sizeof (text), "%d.%d.%d", SDL_VERSIONNUM_MAJOR (version),
            SDL_VERSIONNUM_MINOR (version), SDL_VERSIONNUM_MICRO (version));
  return text;
}

const struct guest guests[] = {
    {.name = "SDL 3, dummy video", .run = work, .refusals = GUEST_NOT_ALWAYS, .varies = 1},
    {.name = NULL},
};
