// Short messages. Element Plus gives them role="alert", so screen readers read them as they come. Text only.
import { ElMessage, ElMessageBox } from 'element-plus'
import 'element-plus/es/components/message/style/css'
import 'element-plus/es/components/message-box/style/css'
import { ApiError } from '../api/client'
import { t } from '../i18n'

export function tell(message: string): void {
  ElMessage({ message, type: 'success', showClose: true, grouping: true })
}

export function warn(message: string): void {
  ElMessage({ message, type: 'warning', showClose: true, duration: 6000, grouping: true })
}

/** An error in the words of the server, or what is wrong when there are none. A session that has ended is not one: the sign-in page comes. */
export function tellError(error: unknown): void {
  if (error instanceof ApiError && error.code === 'not_signed_in') return
  ElMessage({ message: errorText(error), type: 'error', showClose: true, duration: 8000, grouping: true })
}

export function errorText(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error)
  if (error.isUnreachable) return t('error.unreachable')
  return error.hint === '' ? error.detail : `${error.detail} (${error.hint})`
}

/** Asks before something that is not easily undone; false when the person thinks better of it. */
export async function confirmed(title: string, text: string, action: string, isDanger = true): Promise<boolean> {
  try {
    await ElMessageBox.confirm(text, title, {
      confirmButtonText: action,
      cancelButtonText: t('action.cancel'),
      type: isDanger ? 'warning' : 'info',
      confirmButtonClass: isDanger ? 'el-button--danger' : '',
      autofocus: true,
      customClass: 'confirm-box',
    })
    return true
  } catch {
    return false
  }
}
