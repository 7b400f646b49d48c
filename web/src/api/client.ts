// Every request of the panel goes through here.
import type { Outcome, Problem } from './types'

/** Where the interface is, seen from the page (/admin/ui/). */
const base = new URL('../api/v1/', document.baseURI)

/** A refusal, or no answer at all (status 0). */
export class ApiError extends Error {
  readonly status: number
  /** What kind of refusal, for code: "not_signed_in", "conflict", "invalid_rules"; empty when there is none. */
  readonly code: string
  /** The reason, for people. */
  readonly detail: string
  readonly hint: string
  readonly problems: unknown[]
  readonly outcomes: Outcome[]
  /** Of a 429; null when it is not said. */
  readonly retryAfterSeconds: number | null
  /** The whole answer, for fields that only one kind has (the revision of a conflict). */
  readonly body: Record<string, unknown>

  constructor(status: number, problem: Partial<Problem>, retryAfterSeconds: number | null = null) {
    super(problem.detail || problem.title || `HTTP ${status}`)
    this.name = 'ApiError'
    this.status = status
    this.code = problem.code ?? ''
    this.detail = this.message
    this.hint = problem.hint ?? ''
    this.problems = problem.problems ?? []
    this.outcomes = problem.outcomes ?? []
    this.retryAfterSeconds = retryAfterSeconds
    this.body = problem as Record<string, unknown>
  }

  /** True when nothing answered: no network, or the gateway is being restarted. */
  get isUnreachable(): boolean {
    return this.status === 0
  }
}

export interface RequestOptions {
  /** Sent as JSON. */
  body?: unknown
  /** The revision that a change starts from: a 412 ("conflict") when somebody was faster. */
  ifMatch?: number
  signal?: AbortSignal
}

export interface Answer<T> {
  data: T
  /** The revision of the routes, from ETag; null where there is none. */
  revision: number | null
}

let whenSignedOut: () => void = () => {}

/** What is done when any request is answered with "not signed in". */
export function onSignedOut(handler: () => void): void {
  whenSignedOut = handler
}

/** The address of a path of the interface, such as "programs/web". */
export function apiUrl(path: string): string {
  return new URL(path.replace(/^\//, ''), base).href
}

/** Sends a request and gives the raw answer when it is a success; throws an ApiError otherwise. */
export async function fetchRaw(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
  const headers: Record<string, string> = {
    Accept: 'application/json, text/plain;q=0.9, */*;q=0.1',
    'X-Requested-With': 'init-panel',
  }
  if (options.body !== undefined) headers['Content-Type'] = 'application/json'
  if (options.ifMatch !== undefined) headers['If-Match'] = `"${options.ifMatch}"`

  let response: Response
  try {
    response = await fetch(apiUrl(path), {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      credentials: 'same-origin',
      cache: 'no-store',
      signal: options.signal,
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, { detail: error instanceof Error ? error.message : String(error) })
  }
  if (response.ok) return response

  const refusal = await toError(response)
  if (refusal.status === 401 && refusal.code === 'not_signed_in') whenSignedOut()
  throw refusal
}

/** Sends a request and reads the JSON of its answer; an empty answer (204) is undefined. */
export async function request<T>(method: string, path: string, options?: RequestOptions): Promise<Answer<T>> {
  const response = await fetchRaw(method, path, options)
  const text = await response.text()
  return { data: (text === '' ? undefined : JSON.parse(text)) as T, revision: revisionOf(response.headers.get('ETag')) }
}

export const get = async <T>(path: string, signal?: AbortSignal): Promise<T> => (await request<T>('GET', path, { signal })).data
export const post = async <T>(path: string, body: unknown = {}): Promise<T> => (await request<T>('POST', path, { body })).data
export const del = async (path: string): Promise<void> => void (await request<void>('DELETE', path))

/** So short a wait is nothing to bother anybody with. */
const patienceSecondsMax = 3

/** Does it, and does it once more when the server asks for a moment's patience, as it does after a wrong password. */
export async function patiently<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    const seconds = error instanceof ApiError && error.status === 429 ? error.retryAfterSeconds : null
    if (seconds === null || seconds > patienceSecondsMax) throw error
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    return action()
  }
}

/** The number in an ETag such as "17" or W/"17". */
export function revisionOf(etag: string | null): number | null {
  const match = etag?.match(/^(?:W\/)?"(\d+)"$/)
  return match ? Number(match[1]) : null
}

async function toError(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get('Retry-After') ?? NaN)
  const text = await response.text().catch(() => '')
  let problem: Partial<Problem> = {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) problem = value
  } catch {
    // A page of something in between, which is not for people to read here.
  }
  return new ApiError(response.status, { title: response.statusText, ...problem }, Number.isFinite(retryAfter) ? retryAfter : null)
}
