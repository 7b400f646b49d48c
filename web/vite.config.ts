import vue from '@vitejs/plugin-vue'
import Components from 'unplugin-vue-components/vite'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Relative, so that the panel works wherever it is mounted.
  base: './',
  plugins: [
    vue(),
    // Element Plus by need: a component that no page uses is not shipped. Components of our own are imported by hand, so dirs is empty.
    Components({ dirs: [], dts: false, resolvers: [ElementPlusResolver({ importStyle: 'css' })] }),
  ],
  build: {
    target: 'es2022',
    // The content security policy has no place for data: scripts and fonts, and small files are cached as well as large ones.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
  },
  test: { include: ['src/**/*.test.ts'] },
})
