/** Starts the console: theme, server cache, keyboard, router. No style is injected, so the policy needs no exception. */
import { MantineProvider, createTheme, defaultVariantColorsResolver } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './styles.ts'
import './features/access/login-token.ts'
import { ShortcutProvider } from './features/keyboard/shortcuts.tsx'
import { makeQueryClient } from './query-client.ts'
import { makeRouter } from './router.tsx'

const theme = createTheme({
  fontFamily: 'var(--sans)',
  cursorType: 'pointer',
  defaultRadius: 'sm',
  respectReducedMotion: true,
  // The named colours of the library are too light for text on them in one of the schemes.
  variantColorResolver: (input) => {
    const colors = defaultVariantColorsResolver(input)
    if (input.variant === 'subtle' && input.color === 'red')
      return { ...colors, color: 'var(--bad)', hover: 'var(--bad-soft)' }
    if (input.variant !== 'filled') return colors
    if (input.color === 'red')
      return {
        ...colors,
        background: 'var(--bad)',
        hover: 'color-mix(in srgb, var(--bad) 88%, var(--text))',
        color: 'var(--panel)',
      }
    return (input.color ?? 'blue') === 'blue' ? { ...colors, color: 'var(--on-accent)' } : colors
  },
  components: {
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Dismiss' } } },
    // Locking the scroll injects a style element, which the content security policy forbids.
    Modal: {
      defaultProps: {
        lockScroll: false,
        centered: true,
        closeButtonProps: { 'aria-label': 'Close' },
      },
    },
    Drawer: { defaultProps: { lockScroll: false, closeButtonProps: { 'aria-label': 'Close' } } },
  },
})

const queryClient = makeQueryClient()
const router = makeRouter()
const root = document.querySelector('#root')
if (root === null) throw new Error('index.html has no #root')

createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queryClient}>
        <ShortcutProvider>
          <Notifications position="bottom-right" limit={3} />
          <RouterProvider router={router} />
        </ShortcutProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
