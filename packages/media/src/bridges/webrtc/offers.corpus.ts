const TRANSPORT = `a=ice-ufrag:4ZcD
a=ice-pwd:2/1muCWoOi3uLifh0NuRHlzw
a=ice-options:trickle
a=fingerprint:sha-256 ${'AB:'.repeat(31)}CD
a=setup:actpass
a=rtcp-mux
a=recvonly`

const H264 = (payloadType: number, mode: number, profile: string): string => `a=rtpmap:${payloadType} H264/90000
a=rtcp-fb:${payloadType} nack
a=rtcp-fb:${payloadType} nack pli
a=fmtp:${payloadType} level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profile}`

const HEAD = `v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0`

/** As Chromium makes it for a video and an audio transceiver that receive. */
export const CHROMIUM_OFFER = `${HEAD}
a=group:BUNDLE 0 1
a=extmap-allow-mixed
a=msid-semantic: WMS
m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 104 106 108 112
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
${TRANSPORT}
a=mid:0
a=rtpmap:96 VP8/90000
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
${H264(102, 1, '42001f')}
${H264(104, 0, '42001f')}
${H264(106, 1, '42e01f')}
${H264(108, 0, '42e01f')}
${H264(112, 1, '4d001f')}
a=rtpmap:103 rtx/90000
a=fmtp:103 apt=102
m=audio 9 UDP/TLS/RTP/SAVPF 111 9 0 8
c=IN IP4 0.0.0.0
${TRANSPORT}
a=mid:1
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1;stereo=1
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
`

/** One section, transport at the session, no bundle, no mid: as small programs make it. */
export const PLAIN_OFFER = `${HEAD}
${TRANSPORT}
m=audio 9 UDP/TLS/RTP/SAVPF 8
`

/** A browser without H.264, with a data channel first. */
export const VP8_OFFER = `${HEAD}
a=group:BUNDLE d v
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
${TRANSPORT}
a=mid:d
a=sctp-port:5000
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
${TRANSPORT}
a=mid:v
a=rtpmap:96 VP8/90000
`

/** Offers that are refused, and what the refusal must name. */
export const BAD_OFFERS: readonly (readonly [what: string, offer: string, names: RegExp])[] = [
  ['no media', HEAD, /m=video/],
  ['two sections, no bundle', CHROMIUM_OFFER.replace(/a=group.*\n/, ''), /BUNDLE/],
  ['no user name', CHROMIUM_OFFER.replaceAll(/a=ice-ufrag.*\n/g, ''), /ice-ufrag/],
  ['a short password', CHROMIUM_OFFER.replaceAll(/a=ice-pwd.*\n/g, 'a=ice-pwd:short\n'), /ice-pwd/],
  ['no fingerprint', CHROMIUM_OFFER.replaceAll(/a=fingerprint.*\n/g, ''), /fingerprint/],
  ['a fingerprint of one byte', CHROMIUM_OFFER.replaceAll(/a=fingerprint.*\n/g, 'a=fingerprint:sha-256 AB\n'), /fingerprint/],
  ['twenty fingerprints', CHROMIUM_OFFER.replace(/(a=fingerprint.*\n)/, '$1'.repeat(20)), /16 are the most/],
  ['no part in the handshake', CHROMIUM_OFFER.replaceAll('actpass', 'holdconn'), /holdconn/],
]
