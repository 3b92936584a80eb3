/** How the console is built into web/dist, and how `vite` serves it beside a running gateway while it is developed. */
import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const adminUrl = process.env['CUSTODY_ADMIN_URL'] ?? 'http://127.0.0.1:8081'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react()],
  clearScreen: false,
  server: { host: '127.0.0.1', proxy: { '/api': { target: adminUrl } } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // An inlined file is a data: address, which the content security policy would have to allow.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
    reportCompressedSize: false,
  },
})
