/** nal_unit_type, ITU-T H.265 table 7-1. */
export const H265_NAL_TYPE = {
  BLA_W_LP: 16,
  IDR_W_RADL: 19,
  IDR_N_LP: 20,
  CRA: 21,
  VPS: 32,
  SPS: 33,
  PPS: 34,
  AUD: 35,
  END_OF_SEQUENCE: 36,
  END_OF_BITSTREAM: 37,
  FILLER: 38,
  PREFIX_SEI: 39,
  SUFFIX_SEI: 40,
} as const

const LAST_IRAP = 23
const LAST_VCL = 31

export const H265_NAL_HEADER_BYTES = 2

/** @returns nal_unit_type; 0 for an empty NAL unit, which is a slice's: look at the length first */
export const h265NalType = (nal: Uint8Array): number => ((nal[0] ?? 0) >> 1) & 0x3f

/** Whether the type is of a coded picture's data (VCL), section 7.4.2.2. */
export const isH265Vcl = (type: number): boolean => type <= LAST_VCL

/** Whether decoding can start at a picture of that type: IDR, CRA or BLA. */
export const isH265Irap = (type: number): boolean => type >= H265_NAL_TYPE.BLA_W_LP && type <= LAST_IRAP

export const isH265ParameterSet = (type: number): boolean => type >= H265_NAL_TYPE.VPS && type <= H265_NAL_TYPE.PPS

/** Whether decoding can start at this access unit. */
export const isH265RandomAccess = (nals: readonly Uint8Array[]): boolean => nals.some((nal) => isH265Irap(h265NalType(nal)))
