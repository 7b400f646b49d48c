// A dictionary of our own: two languages, flat keys that the compiler knows, {name} placeholders. Nothing is compiled at run time, so the
// content security policy needs no 'unsafe-eval', and an unknown key is a type error.
import { computed, ref } from 'vue'
import { en } from './en'
import { zh } from './zh'

export type Language = 'en' | 'zh'
export type MessageKey = keyof typeof en
export type Values = Record<string, string | number>

const storageKey = 'init-language'
const dictionaries: Record<Language, Record<MessageKey, string>> = { en, zh }

/** The first language of the browser that we have; English when it has none of ours. */
export function languageOf(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const primary = tag.toLowerCase().split('-')[0]
    if (primary === 'zh' || primary === 'en') return primary
  }
  return 'en'
}

/** Puts values in the place of {name}; a placeholder without a value stays as it is, so that a mistake is seen. */
export function fill(text: string, values?: Values): string {
  return values ? text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole)) : text
}

function stored(): Language | null {
  try {
    const value = localStorage.getItem(storageKey)
    return value === 'en' || value === 'zh' ? value : null
  } catch {
    return null // A frame of another site may have no storage.
  }
}

export const language = ref<Language>(stored() ?? languageOf(typeof navigator === 'undefined' ? [] : navigator.languages))

/** The tag for Intl and for the document. */
export const languageTag = computed(() => (language.value === 'zh' ? 'zh-CN' : 'en'))

export function setLanguage(next: Language): void {
  language.value = next
  try {
    localStorage.setItem(storageKey, next)
  } catch {
    // It holds until the page is closed.
  }
}

/** The text in the present language. Used in templates and computed values, it follows a change of the language. */
export function t(key: MessageKey, values?: Values): string {
  return fill(dictionaries[language.value][key], values)
}

/** For keys that are made of data ("state.RUNNING"): the text, or what is given instead when there is none. */
export function textOr(key: string, instead: string): string {
  return (dictionaries[language.value] as Record<string, string | undefined>)[key] ?? instead
}
