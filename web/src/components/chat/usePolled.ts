import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'
import { get } from '../../api/client'
import { errorText } from '../../state/notify'

export interface Polled<T> {
  data: Ref<T | undefined>
  failure: Ref<string>
  load: () => Promise<void>
}

/** Asks again and again while the page is open and seen. What was there stays when one request fails. */
export function usePolled<T>(path: () => string, everySeconds: number): Polled<T> {
  const data = ref<T>() as Ref<T | undefined>
  const failure = ref('')
  let round = 0
  let timer: ReturnType<typeof setInterval> | undefined

  async function load() {
    const own = ++round
    try {
      const loaded = await get<T>(path())
      if (own !== round) return // Another question has been asked meanwhile.
      data.value = loaded
      failure.value = ''
    } catch (error) {
      if (own === round) failure.value = errorText(error)
    }
  }

  onMounted(() => {
    void load()
    timer = setInterval(() => {
      if (!document.hidden) void load()
    }, everySeconds * 1000)
  })
  onBeforeUnmount(() => clearInterval(timer))
  return { data, failure, load }
}
