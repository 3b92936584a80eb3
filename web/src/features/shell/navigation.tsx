/** Where one can go: a column at the left, a bar at the bottom of a phone. */
import { ActionIcon, Tooltip } from '@mantine/core'
import { IconKeyboard } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Mark } from './mark.tsx'
import type { PageEntry } from './pages.ts'
import { ThemeSwitch } from './theme-switch.tsx'
import classes from './shell.module.css'

interface NavigationProps {
  readonly pages: readonly PageEntry[]
  readonly onHelp: () => void
  /** Who one is. */
  readonly children: ReactNode
}

export function Navigation({ pages, onHelp, children }: NavigationProps) {
  return (
    <header className={classes.side}>
      <div className={classes.brand}>
        <Mark />
      </div>
      <nav className={classes.nav} aria-label="Pages">
        {pages.map(({ path, title, icon: Icon, keys }) => (
          <Link key={path} to={path} className={classes.link} title={`${title} (${keys})`}>
            <Icon size={18} stroke={1.6} aria-hidden="true" />
            <span>{title}</span>
          </Link>
        ))}
      </nav>
      <div className={classes.foot}>
        {children}
        <ThemeSwitch />
        <Tooltip label="Keys (?)" openDelay={300}>
          <ActionIcon
            className={classes.keysButton}
            variant="subtle"
            color="gray"
            aria-label="Keyboard shortcuts"
            onClick={onHelp}
          >
            <IconKeyboard size={18} stroke={1.6} />
          </ActionIcon>
        </Tooltip>
      </div>
    </header>
  )
}
