import vue from '@vitejs/plugin-vue'
import Components from 'unplugin-vue-components/vite'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import { defineConfig } from 'vitest/config'
import { compress } from './dev/compress'
import { fakeApi } from './dev/fake'
import { realServer } from './dev/proxy'

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self' https://huggingface.co"
const realUrl = process.env['INIT_URL']

export default defineConfig(({ command }) => ({
  // Relative, so that the panel works wherever it is mounted; the development server needs to know.
  base: command === 'serve' ? '/admin/ui/' : './',
  plugins: [
    vue(),
    // Element Plus by need: a component that no page uses is not shipped. Components of our own are imported by hand, so dirs is empty.
    Components({ dirs: [], dts: false, resolvers: [ElementPlusResolver({ importStyle: 'css' })] }),
    ...(realUrl ? [] : [fakeApi()]),
    compress(),
  ],
  server: { host: '127.0.0.1', proxy: realUrl ? realServer(realUrl) : undefined },
  // `npm run preview` shows the build under the policy that the real server sends (PanelFiles.cs).
  preview: { host: '127.0.0.1', headers: { 'Content-Security-Policy': policy } },
  build: {
    target: 'es2022',
    // The content security policy has no place for data: scripts and fonts, and small files are cached as well as large ones.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
  },
  test: { include: ['src/**/*.test.ts'] },
}))
