import { ApiError, fetchRaw } from './client'

export type LogStatus = 'connecting' | 'following' | 'lost' | 'none'

/** Of the past, when a log is opened. */
const tailBytes = 512 * 1024
const retryMs = 3_000

export interface LogSink {
  /** A connection is there: what came before is told anew. */
  begin(): void
  piece(text: string): void
  status(status: LogStatus): void
}

/** Follows a log until the signal says stop, and comes back after a lost connection. */
export async function followLog(path: string, sink: LogSink, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    sink.status('connecting')
    try {
      const response = await fetchRaw('GET', `${path}?follow=1&tail=${tailBytes}`, { signal })
      sink.begin()
      sink.status('following')
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
      for (let part = await reader.read(); !part.done; part = await reader.read()) sink.piece(part.value)
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ApiError && (error.status === 404 || error.code === 'not_signed_in')) {
        sink.status('none')
        return
      }
    }
    if (signal.aborted) return
    sink.status('lost')
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, retryMs)
      signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
    })
  }
}
