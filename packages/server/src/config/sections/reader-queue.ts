import { duration, section, size } from '../fields.ts'

export const readerQueueSection = section({
  maxBytes: size('8MB', '64KB', '1GB').describe('what a TCP reader may leave behind before it is dropped to the next key frame; 64KB to 1GB'),
  maxAge: duration('5s', '500ms', '1m').describe('the same in time; 500ms to 1m'),
}).prefault({})
