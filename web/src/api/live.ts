// What the server tells by itself: one event stream per tab, shared by all pages. It is closed while the tab is hidden, for a browser has only
// six connections to a server that speaks HTTP/1.1, and comes back by itself, at first after a second, later every fifteen.
import { reactive, readonly, shallowRef } from 'vue'
import { UsageHistory } from '../lib/usage'
import { apiUrl, get } from './client'
import type { BackupSight } from './backup'
import type { LivePrograms, ProgramStatus, SessionInfo } from './types'

export type LiveStatus = 'connecting' | 'live' | 'lost' | 'unreachable'

const hiddenGraceMs = 10_000
const retryMinMs = 1_000
const retryMaxMs = 15_000
/** The server sends something every 15 s at least, but comments are not shown to scripts; programs come every 2 s. */
const silenceMaxMs = 20_000

const state = reactive({
  status: 'connecting' as LiveStatus,
  /** Why the supervisor cannot be reached. */
  detail: '',
  at: 0,
  serverState: '',
  /** Of the routes; null until it was told. */
  routesRevision: null as number | null,
})

const programList = shallowRef<ProgramStatus[] | null>(null)
const backupSight = shallowRef<BackupSight | null>(null)
const usageVersion = shallowRef(0)
const usage = new UsageHistory()

export const live = readonly(state)

/** Null until the first list has come. */
export const programs = readonly(programList)

/** Null until it was told. */
export const backup = readonly(backupSight)

/** CPU and memory of the last minutes of a program, oldest first; follows the stream when it is used in a template. */
export function usageOf(name: string) {
  void usageVersion.value
  return usage.of(name)
}

let source: EventSource | null = null
let wanted = false
let retryMs = retryMinMs
let timer: ReturnType<typeof setTimeout> | undefined
let silence: ReturnType<typeof setTimeout> | undefined
let signedOut: () => void = () => {}

/** Follows until stopLive(). The handler is called when the session has ended. */
export function startLive(onSignedOut: () => void): void {
  signedOut = onSignedOut
  if (wanted) return
  wanted = true
  document.addEventListener('visibilitychange', onVisibility)
  connect()
}

export function stopLive(): void {
  wanted = false
  document.removeEventListener('visibilitychange', onVisibility)
  disconnect()
  programList.value = null
  backupSight.value = null
  usage.clear()
  Object.assign(state, { status: 'connecting', detail: '', at: 0, serverState: '', routesRevision: null })
}

function connect(): void {
  disconnect()
  const opened = new EventSource(apiUrl('live'))
  source = opened
  listen<LivePrograms>('programs', (data) => {
    retryMs = retryMinMs
    state.status = 'live'
    state.detail = ''
    state.at = data.at
    state.serverState = data.server_state
    programList.value = data.programs
    usage.add(data.at, data.programs)
    usageVersion.value++
  })
  listen<BackupSight>('backup', (data) => (backupSight.value = data))
  listen<{ revision: number }>('routes', (data) => (state.routesRevision = data.revision))
  listen<{ detail: string }>('unreachable', (data) => {
    state.status = 'unreachable'
    state.detail = data.detail
  })
  listen<object>('signed_out', () => signedOut())
  opened.onerror = () => void reconnectLater()
  expectNews()

  function listen<T>(type: string, handle: (data: T) => void): void {
    opened.addEventListener(type, (event) => {
      if (source !== opened) return
      expectNews()
      handle(JSON.parse((event as MessageEvent<string>).data) as T)
    })
  }
}

/** A connection that died without a word (a phone that changed networks) is seen by its silence. */
function expectNews(): void {
  clearTimeout(silence)
  silence = setTimeout(() => void reconnectLater(), silenceMaxMs)
}

function disconnect(): void {
  clearTimeout(timer)
  clearTimeout(silence)
  source?.close()
  source = null
}

async function reconnectLater(): Promise<void> {
  disconnect()
  state.status = 'lost'
  const delay = retryMs
  retryMs = Math.min(retryMs * 2, retryMaxMs)
  timer = setTimeout(connect, delay)
  // An event source does not say why it failed: perhaps the session has ended.
  try {
    const session = await get<SessionInfo>('session')
    if (wanted && !session.signed_in) signedOut()
  } catch {
    // Nobody answers: the timer goes on trying.
  }
}

function onVisibility(): void {
  if (document.hidden) {
    clearTimeout(timer)
    timer = setTimeout(disconnect, hiddenGraceMs)
  } else {
    clearTimeout(timer)
    retryMs = retryMinMs
    if (source === null) connect()
  }
}
