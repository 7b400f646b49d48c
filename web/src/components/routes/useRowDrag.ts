import { onBeforeUnmount, ref } from 'vue'

/** Scrolling begins this near to the edge of the window. */
const edgePixels = 72
/** A press that does not move so far is a click. */
const slackPixels = 4

/**
 * Drags rows by a handle with any pointer: HTML's own dragging does nothing on a touch screen. The rows are the elements with data-drag, from top to bottom.
 * @param rows Around all rows.
 * @param drop Told of the end: the row, and where it shall be among the others, 0 is the first.
 */
export function useRowDrag(rows: () => HTMLElement | undefined, drop: (id: string, place: number) => void) {
  const dragged = ref<string | null>(null)
  /** The row before which a line is shown; "" behind the last. */
  const before = ref<string | null>(null)
  let end: (() => void) | undefined

  function start(id: string, event: PointerEvent): void {
    if (event.button !== 0) return
    const handle = event.currentTarget as HTMLElement
    const startY = event.clientY
    let y = startY
    let place = -1
    let frame = 0
    handle.setPointerCapture(event.pointerId)
    end?.()

    const others = () => [...(rows()?.querySelectorAll<HTMLElement>('[data-drag]') ?? [])].filter((row) => row.dataset['drag'] !== id)
    const locate = () => {
      const list = others()
      place = list.findIndex((row) => {
        const box = row.getBoundingClientRect()
        return y < box.top + box.height / 2
      })
      if (place < 0) place = list.length
      before.value = list[place]?.dataset['drag'] ?? ''
    }
    const scroll = () => {
      const speed = y < edgePixels ? y - edgePixels : y > innerHeight - edgePixels ? y - innerHeight + edgePixels : 0
      if (speed !== 0) {
        scrollBy(0, speed / 5)
        locate()
      }
      frame = requestAnimationFrame(scroll)
    }
    const move = (moved: PointerEvent) => {
      y = moved.clientY
      if (dragged.value === null) {
        if (Math.abs(y - startY) < slackPixels) return
        dragged.value = id
        frame = requestAnimationFrame(scroll)
      }
      locate()
    }
    const stop = (isDrop: boolean) => {
      const wasDragged = dragged.value !== null
      end?.()
      if (isDrop && wasDragged) drop(id, place)
    }
    const up = () => stop(true)
    const cancel = () => stop(false)
    const key = (pressed: KeyboardEvent) => {
      if (pressed.key === 'Escape') stop(false)
    }
    handle.addEventListener('pointermove', move)
    handle.addEventListener('pointerup', up)
    handle.addEventListener('pointercancel', cancel)
    addEventListener('keydown', key)
    end = () => {
      cancelAnimationFrame(frame)
      handle.removeEventListener('pointermove', move)
      handle.removeEventListener('pointerup', up)
      handle.removeEventListener('pointercancel', cancel)
      removeEventListener('keydown', key)
      dragged.value = null
      before.value = null
      end = undefined
    }
  }

  onBeforeUnmount(() => end?.())
  return { dragged, before, start }
}
