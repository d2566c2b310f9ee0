#version 450

/* The half of the image in which x + y is less than its side.  */
void main () {
  gl_Position = vec4 (gl_VertexIndex == 1 ? 1 : -1, gl_VertexIndex == 2 ? 1 : -1, 0, 1);
}
