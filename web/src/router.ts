import { createRouter, createWebHashHistory } from 'vue-router'
import type { MessageKey } from './i18n'
import { knowSession } from './state/session'

declare module 'vue-router' {
  interface RouteMeta {
    title: MessageKey
    /** May be seen without being signed in. */
    open?: boolean
  }
}

/** Hash history: the panel lives below a path of somebody else's choosing, and the server has one page only. */
export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', redirect: '/programs' },
    { path: '/sign-in', component: () => import('./pages/SignInPage.vue'), meta: { title: 'signIn.title', open: true } },
    { path: '/programs', component: () => import('./pages/ProgramsPage.vue'), meta: { title: 'programs.title' } },
    { path: '/programs/:name/logs/:stream?', component: () => import('./pages/LogsPage.vue'), meta: { title: 'logs.title' } },
    { path: '/routes', component: () => import('./pages/RoutesPage.vue'), meta: { title: 'routes.title' } },
    { path: '/backup', component: () => import('./pages/BackupPage.vue'), meta: { title: 'backup.title' } },
    { path: '/chat', component: () => import('./pages/ChatPage.vue'), meta: { title: 'chat.title' } },
    { path: '/system', component: () => import('./pages/SystemPage.vue'), meta: { title: 'system.title' } },
    { path: '/settings', component: () => import('./pages/SettingsPage.vue'), meta: { title: 'settings.title' } },
    { path: '/:path(.*)*', redirect: '/programs' },
  ],
})

router.beforeEach(async (to) => {
  // Nobody answers: the sign-in page says so, and tries again.
  const signedIn = await knowSession().catch(() => false)
  if (!signedIn && !to.meta.open) return { path: '/sign-in', query: to.path === '/programs' ? {} : { then: to.fullPath } }
  if (signedIn && to.path === '/sign-in') return '/programs'
  return true
})
