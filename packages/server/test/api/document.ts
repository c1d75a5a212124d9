/** What the tests read of an OpenAPI document. */
export type Document = {
  readonly paths: { readonly [path: string]: { readonly [method: string]: DocumentOperation } }
  readonly components: { readonly schemas: { readonly [name: string]: object } }
}

export type DocumentOperation = {
  readonly operationId: string
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: DocumentSchema }[]
  readonly requestBody?: { readonly required: boolean; readonly content: { readonly 'application/json': { readonly schema: DocumentSchema } } }
  readonly responses: { readonly [status: string]: { readonly content?: { readonly [type: string]: { readonly schema: object } } } }
}

export type DocumentSchema = {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly properties?: { readonly [name: string]: DocumentSchema }
  readonly additionalProperties?: unknown
}
