import { ref } from 'vue'

function media(query: string) {
  const list = window.matchMedia(query)
  const matches = ref(list.matches)
  list.addEventListener('change', (event) => (matches.value = event.matches))
  return matches
}

/** A phone: the menu is a bar at the bottom, tables are cards. The same width as in styles/layout.css. */
export const isNarrow = media('(max-width: 767px)')
/** Room for the menu with its texts. */
export const isWide = media('(min-width: 1100px)')
