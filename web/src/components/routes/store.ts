// The rules that the page shows, and the one way to change them: every change says which revision it starts from, so nobody's work is overwritten unseen.
import { computed, inject, onBeforeUnmount, provide, reactive, ref, shallowRef, watch, type InjectionKey } from 'vue'
import { ApiError, get, request } from '../../api/client'
import { live } from '../../api/live'
import { t } from '../../i18n'
import { errorText, tellError } from '../../state/notify'
import type { ChangeResult, HistoryDetail, HistoryEntry, OrderEntry, RoutesDocument, Statistics } from './model/types'

/** What to send, made from the newest document, so that it can be made again when somebody was faster; null when it is possible no more. */
export interface Operation {
  /** For people: what they were about to do. */
  what: string
  /** The revision that the person saw; usually the one that is shown. */
  since?: number
  build(document: RoutesDocument): { method: string; path: string; body?: unknown } | null
}

export type Conflict = {
  what: string
  changes: HistoryDetail[]
  /** All of them could not be read: they are older than the history, or nobody answers. */
  isIncomplete: boolean
  canRedo: boolean
  decide: (choice: 'redo' | 'drop' | 'stay') => void
}

export type Result =
  | { kind: 'done'; answer: ChangeResult }
  | { kind: 'refused'; error: ApiError }
  /** The person saw a conflict: theirs stands, or it is not decided yet. */
  | { kind: 'dropped' }
  | { kind: 'stayed' }

const statisticsMs = 5_000
/** Changes that a conflict shows. */
const shownMax = 20

export type RoutesStore = ReturnType<typeof createRoutes>
const key: InjectionKey<RoutesStore> = Symbol('routes')

export function provideRoutes(): RoutesStore {
  const store = createRoutes()
  provide(key, store)
  return store
}

export function useRoutes(): RoutesStore {
  const store = inject(key)
  if (!store) throw new Error('no routes here')
  return store
}

function createRoutes() {
  const document = shallowRef<RoutesDocument | null>(null)
  const order = shallowRef<readonly OrderEntry[]>([])
  const statistics = shallowRef<Statistics | null>(null)
  const failure = ref('')
  const busy = ref(0)
  /** For screen readers. */
  const announcement = ref('')
  /** The last change that was made here, as long as it can be taken back by one step. */
  const lastChange = ref<{ revision: number; text: string } | null>(null)
  const conflict = shallowRef<Conflict | null>(null)
  const counts = computed(() => new Map(statistics.value?.rules.map((count) => [count.id, count])))
  const backends = computed(() => new Map(statistics.value?.backends.map((backend) => [backend.url, backend])))

  /** Both answers are of one revision, or they are asked for again. */
  async function reload(): Promise<void> {
    try {
      for (let attempt = 0; ; attempt++) {
        const [rules, effective] = await Promise.all([
          get<RoutesDocument>('routes'),
          get<{ revision: number; entries: OrderEntry[] }>('routes/effective'),
        ])
        if (rules.revision !== effective.revision && attempt < 3) continue
        document.value = rules
        order.value = effective.entries
        failure.value = ''
        if (lastChange.value && lastChange.value.revision !== rules.revision) lastChange.value = null
        return
      }
    } catch (error) {
      if (document.value === null) failure.value = errorText(error)
      else tellError(error)
    }
  }

  async function count(): Promise<void> {
    if (globalThis.document.hidden) return
    try {
      statistics.value = await get<Statistics>('routes/statistics')
    } catch {
      // Figures are an extra: the next time they come.
    }
  }

  async function send(operation: Operation): Promise<Result> {
    let since = operation.since ?? document.value?.revision
    for (;;) {
      const built = document.value && operation.build(document.value)
      if (!built) return { kind: 'refused', error: new ApiError(404, { detail: t('routes.gone'), code: 'unknown_rule' }) }
      try {
        const { data } = await request<ChangeResult>(built.method, built.path, { body: built.body, ifMatch: since })
        await reload()
        return { kind: 'done', answer: data }
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        if (error.status !== 412) return { kind: 'refused', error }
        const choice = await ask(operation, since ?? 0)
        if (choice === 'drop') return { kind: 'dropped' }
        if (choice === 'stay') return { kind: 'stayed' }
        since = document.value?.revision
      }
    }
  }

  async function ask(operation: Operation, since: number): Promise<'redo' | 'drop' | 'stay'> {
    await reload()
    let changes: HistoryDetail[] = []
    try {
      changes = await changesSince(since)
    } catch {
      // It says that they are not all there.
    }
    const present = document.value
    return new Promise((resolve) => {
      conflict.value = {
        what: operation.what,
        changes,
        isIncomplete: changes.at(-1)?.revision !== since + 1,
        canRedo: present !== null && operation.build(present) !== null,
        decide: (choice) => {
          conflict.value = null
          resolve(choice)
        },
      }
    })
  }

  /** Newest first. */
  async function changesSince(revision: number): Promise<HistoryDetail[]> {
    const { entries } = await get<{ entries: HistoryEntry[] }>('routes/history')
    const newer = entries.filter((entry) => entry.revision > revision).slice(0, shownMax)
    return Promise.all(newer.map((entry) => get<HistoryDetail>(`routes/history/${entry.revision}`)))
  }

  /** Makes a change and says what came of it; refusals that a form shows itself are returned without a message. */
  async function change(operation: Operation, done: string, quiet = false): Promise<Result> {
    busy.value++
    try {
      const result = await send(operation)
      if (result.kind === 'done') {
        lastChange.value = { revision: result.answer.revision, text: done }
        announcement.value = done
      } else if (result.kind === 'refused' && !quiet) tellError(refusal(result.error))
      return result
    } finally {
      busy.value--
    }
  }

  async function undo(): Promise<void> {
    const undone = await change({ what: t('routes.undo'), since: lastChange.value?.revision, build: () => ({ method: 'POST', path: 'routes/undo', body: {} }) }, t('routes.undone'))
    if (undone.kind === 'done' && lastChange.value?.revision === undone.answer.revision) lastChange.value = null
  }

  // Somebody else's change, or one of ours whose answer is still on its way.
  watch([() => live.routesRevision, busy], async ([revision, pending]) => {
    if (revision === null || pending > 0 || document.value === null || revision <= document.value.revision) return
    await reload()
    announcement.value = t('routes.reloaded')
  })

  void reload()
  void count()
  const timer = setInterval(() => void count(), statisticsMs)
  const onVisible = () => void count()
  globalThis.document.addEventListener('visibilitychange', onVisible)
  onBeforeUnmount(() => {
    clearInterval(timer)
    globalThis.document.removeEventListener('visibilitychange', onVisible)
    conflict.value?.decide('drop')
  })

  return reactive({ document, order, statistics, counts, backends, failure, busy, announcement, lastChange, conflict, reload, change, changesSince, undo })
}

/** A refusal of rules is said with its first problem; forms show all of them at their fields. */
function refusal(error: ApiError): unknown {
  const first = error.problems[0] as { field?: string; message?: string; remedy?: string } | undefined
  return first?.message ? new Error(`${first.field ? `${first.field}: ` : ''}${first.message}${first.remedy ? ` (${first.remedy})` : ''}`) : error
}

export const rulePath = (id: string): string => `routes/rules/${encodeURIComponent(id)}`
