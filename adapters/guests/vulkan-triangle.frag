#version 450

layout (location = 0) out vec4 colour;

/* The bytes of a pixel say where it is.  */
void main () {
  colour = vec4 (floor (gl_FragCoord.xy) / 255, 0, 1);
}
