import { reactive, readonly } from 'vue'
import { del, get, post } from '../api/client'
import { startLive, stopLive } from '../api/live'
import type { SessionInfo } from '../api/types'

const state = reactive({
  /** Null until it was asked. */
  signedIn: null as boolean | null,
  version: '',
})

export const session = readonly(state)

function take(info: SessionInfo): boolean {
  state.signedIn = info.signed_in
  state.version = info.version ?? ''
  if (info.signed_in) startLive(endSession)
  return info.signed_in
}

/** Asks the server once; later calls give what is known. */
export async function knowSession(): Promise<boolean> {
  return state.signedIn ?? take(await get<SessionInfo>('session'))
}

/** Throws an ApiError: wrong_password, too_many_attempts. */
export async function signIn(password: string): Promise<void> {
  take(await post<SessionInfo>('session', { password }))
}

export async function signOut(): Promise<void> {
  await del('session')
  endSession()
}

/** The session is over: nothing that only a signed-in person may see stays in memory. */
export function endSession(): void {
  state.signedIn = false
  state.version = ''
  stopLive()
}
