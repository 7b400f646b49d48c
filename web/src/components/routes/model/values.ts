// Looking into JSON whose shape nobody promised.

export type JsonObject = Record<string, unknown>

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

export const objectAt = (from: JsonObject, key: string): JsonObject => (isObject(from[key]) ? from[key] : {})

export const listAt = (from: JsonObject, key: string): unknown[] => (Array.isArray(from[key]) ? from[key] : [])

export const textAt = (from: JsonObject, key: string): string | undefined => (typeof from[key] === 'string' ? from[key] : undefined)

export const copyOf = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T))

/** Equal as JSON: the order of keys does not count, that of lists does. */
export function areEqual(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (Array.isArray(one)) return Array.isArray(other) && one.length === other.length && one.every((item, index) => areEqual(item, other[index]))
  if (!isObject(one) || !isObject(other)) return false
  const keys = Object.keys(one).filter((key) => one[key] !== undefined)
  return keys.length === Object.keys(other).filter((key) => other[key] !== undefined).length && keys.every((key) => areEqual(one[key], other[key]))
}
