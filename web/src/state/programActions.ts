import { reactive } from 'vue'
import { post } from '../api/client'
import type { Outcome } from '../api/types'
import { t, type MessageKey } from '../i18n'
import { confirmed, tell, tellError, warn } from './notify'

export type ProgramAction = 'start' | 'stop' | 'restart'

/** Actions under way, by program. */
const underWay = reactive(new Map<string, ProgramAction>())

export const actionOf = (name: string): ProgramAction | undefined => underWay.get(name)

/** Carries it out and tells how it went. A stop is asked about first. */
export async function act(name: string, action: ProgramAction): Promise<void> {
  if (underWay.has(name)) return
  if (action === 'stop' && !(await confirmed(t('programs.stopTitle', { name }), t('programs.stopText'), t('programs.stopYes')))) return
  underWay.set(name, action)
  try {
    const { outcomes } = await post<{ outcomes: Outcome[] }>(`programs/${encodeURIComponent(name)}/${action}`, {})
    report(name, action, outcomes[0]?.code ?? '')
  } catch (error) {
    tellError(error)
  } finally {
    underWay.delete(name)
  }
}

const special = ['already-running', 'not-running', 'waiting', 'absent'] as const

function report(name: string, action: ProgramAction, code: string): void {
  const known = special.find((each) => each === code)
  if (known) warn(t(`programs.outcome.${known}` as MessageKey, { name }))
  else tell(t(`programs.done.${action}`, { name }))
}
