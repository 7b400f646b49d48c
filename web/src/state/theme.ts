import { computed, ref, watchEffect } from 'vue'

export type ThemeChoice = 'system' | 'light' | 'dark'

const storageKey = 'init-theme'
const systemDark = window.matchMedia('(prefers-color-scheme: dark)')
const systemIsDark = ref(systemDark.matches)
systemDark.addEventListener('change', (event) => (systemIsDark.value = event.matches))

function stored(): ThemeChoice {
  try {
    const value = localStorage.getItem(storageKey)
    return value === 'light' || value === 'dark' ? value : 'system'
  } catch {
    return 'system'
  }
}

export const themeChoice = ref<ThemeChoice>(stored())
export const isDark = computed(() => (themeChoice.value === 'system' ? systemIsDark.value : themeChoice.value === 'dark'))

export function setTheme(choice: ThemeChoice): void {
  themeChoice.value = choice
  try {
    localStorage.setItem(storageKey, choice)
  } catch {
    // It holds until the page is closed.
  }
}

watchEffect(() => {
  document.documentElement.classList.toggle('dark', isDark.value)
  document.documentElement.style.colorScheme = isDark.value ? 'dark' : 'light'
})
