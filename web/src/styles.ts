/** Style sheets in the order in which they may override each other. */
import '@mantine/core/styles.layer.css'
import '@mantine/notifications/styles.layer.css'
import './ui/tokens.css'
