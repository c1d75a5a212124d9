import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { decodeUtf8, encodeUtf8 } from '../../bytes/utf8.ts'

/**
 * A value of AMF0 (Action Message Format 0), which FLV calls SCRIPTDATA. An ECMA array is read as an object, a date as its milliseconds
 * since 1970, a long string and an XML document as a string, a typed object without its class name.
 */
export type AmfValue = number | boolean | string | null | undefined | AmfObject | readonly AmfValue[]
export type AmfObject = { readonly [name: string]: AmfValue }

/** Objects and arrays inside each other. */
export const MAX_AMF_DEPTH = 8
/** Values in one message, at all depths. */
export const MAX_AMF_VALUES = 1024

/** Markers, AMF0 specification section 2.1. */
const MARKER = {
  NUMBER: 0x00,
  BOOLEAN: 0x01,
  STRING: 0x02,
  OBJECT: 0x03,
  NULL: 0x05,
  UNDEFINED: 0x06,
  REFERENCE: 0x07,
  ECMA_ARRAY: 0x08,
  OBJECT_END: 0x09,
  STRICT_ARRAY: 0x0a,
  DATE: 0x0b,
  LONG_STRING: 0x0c,
  UNSUPPORTED: 0x0d,
  XML_DOCUMENT: 0x0f,
  TYPED_OBJECT: 0x10,
} as const

const FAULT = 'amf0/malformed'

/**
 * All values that stand one after the other in `bytes`.
 * @throws ProtocolError `amf0/malformed`, `amf0/too-deep`, `amf0/too-many-values`
 */
export const decodeAmf0 = (bytes: Uint8Array): AmfValue[] => {
  const decoder = new Amf0Decoder(bytes)
  const values: AmfValue[] = []
  while (decoder.hasMore) values.push(decoder.value(0))
  return values
}

class Amf0Decoder {
  readonly #reader: ByteReader
  #count = 0

  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader(bytes, FAULT)
  }

  get hasMore(): boolean {
    return this.#reader.remaining > 0
  }

  value(depth: number): AmfValue {
    if (depth > MAX_AMF_DEPTH) throw new ProtocolError('amf0/too-deep', `AMF0 objects are nested deeper than ${MAX_AMF_DEPTH}`)
    if (++this.#count > MAX_AMF_VALUES) throw new ProtocolError('amf0/too-many-values', `a message has more than ${MAX_AMF_VALUES} AMF0 values`)
    const reader = this.#reader
    const marker = reader.u8()
    switch (marker) {
      case MARKER.NUMBER:
        return reader.f64()
      case MARKER.BOOLEAN:
        return reader.u8() !== 0
      case MARKER.STRING:
        return decodeUtf8(reader.take(reader.u16()))
      case MARKER.LONG_STRING:
      case MARKER.XML_DOCUMENT:
        return decodeUtf8(reader.take(reader.u32()))
      case MARKER.OBJECT:
        return this.#properties(depth)
      case MARKER.ECMA_ARRAY:
        // The count is a hint that some encoders leave 0: the end marker counts.
        reader.skip(4)
        return this.#properties(depth)
      case MARKER.TYPED_OBJECT:
        reader.skip(reader.u16())
        return this.#properties(depth)
      case MARKER.STRICT_ARRAY:
        return this.#strictArray(depth)
      case MARKER.DATE: {
        const sinceEpochMs = reader.f64()
        reader.skip(2)
        return sinceEpochMs
      }
      case MARKER.NULL:
        return null
      case MARKER.UNDEFINED:
      case MARKER.UNSUPPORTED:
        return undefined
      case MARKER.REFERENCE:
        reader.skip(2)
        return undefined
      default:
        throw new ProtocolError(FAULT, `AMF0 marker 0x${marker.toString(16)} at offset ${reader.position - 1} is not one of the specification`)
    }
  }

  #properties(depth: number): AmfObject {
    const properties: [string, AmfValue][] = []
    for (;;) {
      const name = decodeUtf8(this.#reader.take(this.#reader.u16()))
      if (name === '' && this.#reader.bytes[this.#reader.position] === MARKER.OBJECT_END) {
        this.#reader.skip(1)
        // Not by assignment: a property may be called __proto__.
        return Object.fromEntries(properties)
      }
      properties.push([name, this.value(depth + 1)])
    }
  }

  #strictArray(depth: number): AmfValue[] {
    const values: AmfValue[] = []
    for (let left = this.#reader.u32(); left > 0; left--) values.push(this.value(depth + 1))
    return values
  }
}

/** The values one after the other. */
export const encodeAmf0 = (...values: readonly (AmfValue | EcmaArray)[]): Uint8Array => {
  const writer = new ByteWriter()
  for (const value of values) writeValue(writer, value)
  return writer.finish()
}

/** An object that is written as an ECMA array, as players expect `onMetaData` to be. */
export class EcmaArray {
  readonly properties: AmfObject

  constructor(properties: AmfObject) {
    this.properties = properties
  }
}

const MAX_SHORT_STRING = 0xffff

const writeValue = (writer: ByteWriter, value: AmfValue | EcmaArray): void => {
  if (typeof value === 'number') writer.u8(MARKER.NUMBER).f64(value)
  else if (typeof value === 'boolean') writer.u8(MARKER.BOOLEAN).u8(value ? 1 : 0)
  else if (typeof value === 'string') writeString(writer, value)
  else if (value === null) writer.u8(MARKER.NULL)
  else if (value === undefined) writer.u8(MARKER.UNDEFINED)
  else if (value instanceof EcmaArray) {
    writer.u8(MARKER.ECMA_ARRAY).u32(Object.keys(value.properties).length)
    writeProperties(writer, value.properties)
  } else if (isArray(value)) {
    writer.u8(MARKER.STRICT_ARRAY).u32(value.length)
    for (const item of value) writeValue(writer, item)
  } else {
    writer.u8(MARKER.OBJECT)
    writeProperties(writer, value)
  }
}

/** `Array.isArray` does not narrow readonly arrays. */
const isArray = (value: AmfObject | readonly AmfValue[]): value is readonly AmfValue[] => Array.isArray(value)

const writeString = (writer: ByteWriter, text: string): void => {
  const bytes = encodeUtf8(text)
  if (bytes.length > MAX_SHORT_STRING) writer.u8(MARKER.LONG_STRING).u32(bytes.length)
  else writer.u8(MARKER.STRING).u16(bytes.length)
  writer.bytes(bytes)
}

const writeProperties = (writer: ByteWriter, properties: AmfObject): void => {
  for (const [name, value] of Object.entries(properties)) {
    const bytes = encodeUtf8(name)
    if (bytes.length > MAX_SHORT_STRING) throw new Error(`AMF0 property name of ${bytes.length} bytes`)
    writer.u16(bytes.length).bytes(bytes)
    writeValue(writer, value)
  }
  writer.u16(0).u8(MARKER.OBJECT_END)
}

/** Whether a decoded value is an object and not null, an array or a plain value. */
export const isAmfObject = (value: AmfValue): value is AmfObject => typeof value === 'object' && value !== null && !isArray(value)
