/** The configuration of the demo, as somebody at the bank would have written it. */

export const DEMO_CONFIG = `# Written by custody demo. Upstreams are the built-in sandbox: nothing leaves this machine.
masking:
  packs: [pci, credentials]
  directions: [request, response]

# The people desk may be read by two persons only: one asks, another lets them in.
restricted:
  principals: [people-assistant]

prices:
  currency: USD
  models:
    - { model: "gpt-5-mini*", input: 0.25, cachedInput: 0.025, output: 2 }
    - { model: "gpt-5*", input: 1.25, cachedInput: 0.125, output: 10 }
    - { model: "claude-*", input: 3, cachedInput: 0.3, output: 15 }

log:
  level: error
`
