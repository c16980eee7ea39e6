// pack-weight, texture: one thread gathers one texel of four values.
// Over naive: writes the texture that shaders of software adapters read.
// Operands:
//   weight  [out][in][tap], with order 1 [in][out][tap]
//   packed  with orders 0 and 1 [out / tile][tap][in / 4][tile] of vec4 over 4 input channels,
//           with order 2 [tap][out / 4] of vec4 over 4 channels,
//           with order 3 [tap][in][out / 4] of vec4 over 4 output channels; in rows of 1024 texels

struct Params {
  texels: u32,
  out_c: u32,
  in_c: u32,
  taps: u32,
  blocks: u32, // ceil(in_c / 4); with orders 2 and 3 ceil(out_c / 4)
  tile: u32,
  order: u32, // 0 out-in, 1 in-out, 2 channels, 3 rows
  pitch: u32, // in_c, rounded up to a multiple of 4
}

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var packed: texture_storage_2d<rgba32float, write>;
@group(0) @binding(2) var<uniform> params: Params;

fn weight_at(out: u32, c: u32, tap: u32) -> f32 {
  if (out >= params.out_c || c >= params.in_c) { return 0; }
  let pair = select(out * params.in_c + c, c * params.out_c + out, params.order == 1);
  return weight[pair * params.taps + tap];
}

// Four output channels.
fn outputs_at(out: u32, c: u32, tap: u32) -> vec4f {
  var four: vec4f;
  for (var i = 0u; i < 4; i++) { four[i] = weight_at(out + i, c, tap); }
  return four;
}

// Four input channels.
fn inputs_at(out: u32, c: u32, tap: u32) -> vec4f {
  var four: vec4f;
  for (var i = 0u; i < 4; i++) { four[i] = weight_at(out, c + i, tap); }
  return four;
}

fn packed_texel(i: u32) -> vec4f {
  if (params.order == 3) {
    let out = i % params.blocks * 4;
    let row = i / params.blocks;
    let c = row % params.pitch;
    let tap = row / params.pitch;
    return outputs_at(out, c, tap);
  }
  if (params.order == 2) {
    let out = i % params.blocks * 4;
    let tap = i / params.blocks;
    return outputs_at(out, 0, tap);
  }
  let step = i / params.tile;
  let c = step % params.blocks * 4;
  let tap = step / params.blocks % params.taps;
  let out = step / (params.blocks * params.taps) * params.tile + i % params.tile;
  return inputs_at(out, c, tap);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i < params.texels) { textureStore(packed, vec2u(i % 1024, i / 1024), packed_texel(i)); }
}
