const lines = (...text: string[]): string => `${text.join('\r\n')}\r\n`

/** Messages as real programs send them; seeds for the property tests. Latin-1 characters are bytes. */
export const RTSP_CORPUS = {
  options: lines('OPTIONS rtsp://127.0.0.1:8554/live RTSP/1.0', 'CSeq: 1', 'User-Agent: Lavf59.27.100', ''),
  announce: lines(
    'ANNOUNCE rtsp://127.0.0.1:8554/live RTSP/1.0',
    'Content-Type: application/sdp',
    'CSeq: 2',
    'Content-Length: 51',
    '',
    'v=0',
    'm=video 0 RTP/AVP 96',
    'a=rtpmap:96 H264/90000',
  ),
  setup: lines('SETUP rtsp://127.0.0.1:8554/live/streamid=0 RTSP/1.0', 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1;mode=record', 'CSeq: 3', ''),
  response: lines('RTSP/1.0 200 OK', 'CSeq: 3', 'Session: 12345678;timeout=60', 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=1234ABCD', ''),
  folded: lines('RTSP/1.0 401 Unauthorized', 'WWW-Authenticate: Digest realm="cam",', ' nonce="a"', 'CSeq: 1', ''),
  interleaved: '$\x00\x00\x04abcd$\x01\x00\x00',
} as const

export const corpusBytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0))
