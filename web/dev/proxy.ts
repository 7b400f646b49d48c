import type { ProxyOptions } from 'vite'

/** A real Init behind the development server: INIT_URL=http://127.0.0.1:7860 npm run dev. */
export function realServer(url: string): Record<string, ProxyOptions> {
  // To the server it is a page of its own: the check for foreign sites compares Origin with Host.
  return { '/admin/api': { target: url, changeOrigin: true, headers: { Origin: new URL(url).origin, 'Sec-Fetch-Site': 'same-origin' } } }
}
