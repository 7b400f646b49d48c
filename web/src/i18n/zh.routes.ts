import type { enRoutes } from './en.routes'

export const zhRoutes: Record<keyof typeof enRoutes, string> = {
  'routes.title': '路由',
}
