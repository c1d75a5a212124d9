const FINGERPRINT = `a=fingerprint:sha-256 ${'AB:'.repeat(31)}CD`

/**
 * As OBS Studio makes it from 30.2 on, by libdatachannel: no candidates, no retransmission by RTX, no header extensions, audio first. Compared
 * line by line with an offer of 30.1.0 that its issue #2 in github.com/kevmo314/tinywhip shows; that one has candidates and a port besides.
 */
export const OBS_OFFER = `v=0
o=rtc 3767197920 0 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=group:LS 0 1
a=msid-semantic:WMS *
a=setup:actpass
a=ice-ufrag:jBwr
a=ice-pwd:zpwqGhVPzVGmJtOuRkNkBv
a=ice-options:ice2,trickle
${FINGERPRINT}
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=mid:0
a=sendonly
a=ssrc:1804289383 cname:kCWWH1zgiWRTxkwN
a=ssrc:1804289383 msid:kCWWH1zgiWRTxkwN kCWWH1zgiWRTxkwN-audio
a=msid:kCWWH1zgiWRTxkwN kCWWH1zgiWRTxkwN-audio
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;maxaveragebitrate=96000;stereo=1;sprop-stereo=1;useinbandfec=1
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=bundle-only
a=mid:1
a=sendonly
a=ssrc:1804289384 cname:kCWWH1zgiWRTxkwN
a=ssrc:1804289384 msid:kCWWH1zgiWRTxkwN kCWWH1zgiWRTxkwN-video
a=msid:kCWWH1zgiWRTxkwN kCWWH1zgiWRTxkwN-video
a=rtcp-mux
a=rtpmap:96 H264/90000
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtcp-fb:96 goog-remb
a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1
`.replaceAll('\n', '\r\n')

/** The same by OBS Studio 30.0 and 30.1, which gather candidates first. */
export const OBS_OFFER_WITH_CANDIDATES = OBS_OFFER.replace('m=audio 9', 'm=audio 57249')
  .replace('c=IN IP4 0.0.0.0', 'c=IN IP4 192.0.2.53')
  .replace(
    '\r\na=rtpmap:111',
    '\r\na=candidate:1 1 UDP 2122317823 192.0.2.53 57249 typ host\r\na=candidate:2 1 UDP 2122317311 2001:db8::53 57249 typ host\r\na=end-of-candidates\r\na=rtpmap:111',
  )

const EXTENSIONS = `a=extmap:1 urn:ietf:params:rtp-hdrext:toffset
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid`

const TRANSPORT = `a=ice-ufrag:4ZcD
a=ice-pwd:2/1muCWoOi3uLifh0NuRHlzw
a=ice-options:trickle
${FINGERPRINT}
a=setup:actpass`

const CHROMIUM_VIDEO = `a=rtcp-mux
a=rtcp-rsize
a=rtpmap:116 red/90000
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 goog-remb
a=rtcp-fb:96 transport-cc
a=rtcp-fb:96 ccm fir
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:117 rtx/90000
a=fmtp:117 apt=116
a=rtpmap:118 ulpfec/90000`

const CHROMIUM_AUDIO = `m=audio 9 UDP/TLS/RTP/SAVPF 63 111
c=IN IP4 0.0.0.0
${TRANSPORT}
a=mid:1
${EXTENSIONS}
a=sendonly
a=msid:stream microphone
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=ssrc:3000 cname:c`

const HEAD = `v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
a=msid-semantic: WMS stream`

/** As Chromium makes it for a camera and a microphone, with redundancy before the codecs. */
export const CHROMIUM_PUBLISHER = `${HEAD}
m=video 9 UDP/TLS/RTP/SAVPF 116 96 97 117 118
c=IN IP4 0.0.0.0
${TRANSPORT}
a=mid:0
${EXTENSIONS}
a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id
a=sendonly
a=msid:stream camera
${CHROMIUM_VIDEO}
a=ssrc-group:FID 1000 2000
a=ssrc:1000 cname:c
a=ssrc:2000 cname:c
${CHROMIUM_AUDIO}
`

/** The same with three layers: their SSRCs are not told. */
export const SIMULCAST_PUBLISHER = CHROMIUM_PUBLISHER.replace(
  /a=ssrc-group:FID[\s\S]*?a=ssrc:2000 cname:c/,
  'a=rid:h send\na=rid:m send\na=rid:l send\na=simulcast:send h;m;~l',
)
