/** Sequence parameter sets that no decoder should follow, as hex. */
export const SPS_CORPUS: readonly (readonly [name: string, sps: string])[] = [
  ['empty', ''],
  ['only the header', '67'],
  ['another NAL unit type', '68640028acd94078'],
  ['ends in the middle of a field', '67640028ac'],
  ['Exp-Golomb code of zeros only', '6742c01f0000000000000000'],
  ['seq_parameter_set_id 32', '6742001e0430'],
  ['pic_order_cnt_type 3', '6742001ec9'],
  ['num_ref_frames_in_pic_order_cnt_cycle 256', '6742001ed30080c0'],
  ['max_num_ref_frames 17', '6742001ef09380'],
  ['chroma_format_idc 4', '6764001e9720'],
  ['2^31 - 1 macroblocks each way', '6742001ef400000003fffffff80000001ffffffff2'],
  ['cropping that leaves nothing', '6742001ef4f89e80'],
]
