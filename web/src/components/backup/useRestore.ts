// The restore that was asked for here or elsewhere: it runs in the gateway, so that closing the page does not end it, and is asked for while it does.
import { onBeforeUnmount, onMounted, ref } from 'vue'
import type { BackupRestore } from '../../api/backup'
import { get, post } from '../../api/client'

const pauseMs = 1000

export function useRestore() {
  const restore = ref<BackupRestore | null>(null)
  /** The one that the person has seen the end of: its start. */
  const dismissed = ref(0)
  let timer: ReturnType<typeof setTimeout> | undefined
  let isGone = false

  onMounted(look)
  onBeforeUnmount(() => {
    isGone = true
    clearTimeout(timer)
  })

  async function look(): Promise<void> {
    try {
      show((await get<{ restore: BackupRestore | null }>('backup/restore')).restore)
    } catch {
      // Nobody answers: the page says so elsewhere, and what was known stays.
      again()
    }
  }

  function show(next: BackupRestore | null): void {
    restore.value = next
    if (next?.state === 'running') again()
  }

  function again(): void {
    clearTimeout(timer)
    if (!isGone) timer = setTimeout(() => void look(), pauseMs)
  }

  async function begin(commit: string, path: string, to: string | null): Promise<void> {
    await ask({ commit, paths: [path], ...(to === null ? {} : { to }) })
  }

  /** The one that was refused because programs run, all the same. */
  async function insist(refused: BackupRestore): Promise<void> {
    await ask({ commit: refused.commit, paths: refused.paths, live: true })
  }

  async function ask(body: { commit: string; paths: string[]; to?: string; live?: boolean }): Promise<void> {
    show((await post<{ restore: BackupRestore }>('backup/restore', body)).restore)
  }

  return { restore, dismissed, begin, insist }
}
