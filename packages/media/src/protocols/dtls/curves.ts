/** Curves of the key exchange. */
export type CurveName = 'x25519' | 'P-256'

/** A curve as it is on the wire, RFC 8422 section 5.1.1. */
export type Curve = { readonly id: number; readonly name: CurveName; readonly publicKeyBytes: number }

/** In our order of preference: both cost the same here, browsers put X25519 first. */
export const CURVES: readonly Curve[] = [
  { id: 29, name: 'x25519', publicKeyBytes: 32 },
  { id: 23, name: 'P-256', publicKeyBytes: 65 },
]

export const findCurve = (id: number): Curve | undefined => CURVES.find((curve) => curve.id === id)
