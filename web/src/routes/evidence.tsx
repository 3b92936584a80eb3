/** Evidence: is what was recorded still there as it was, who else can say so, and how far the log is. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { evidenceQuery } from '../api/evidence.ts'
import { LogPanel } from '../features/evidence/log-panel.tsx'
import { PartiesPanel } from '../features/evidence/parties-panel.tsx'
import { VerificationPanel } from '../features/evidence/verification-panel.tsx'
import { mayCall, useMe } from '../features/access/me.ts'
import { ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import classes from '../features/evidence/evidence.module.css'

export function EvidencePage() {
  const evidence = useQuery(evidenceQuery)
  const me = useMe()
  return (
    <Page
      title="Evidence"
      note="records, and what proves them"
      aside={mayCall(me, 'keyring.read') && <Link to="/evidence/keys">Keyring</Link>}
    >
      {evidence.isPending && <Skeleton rows={6} label="Loading the health of evidence" />}
      {evidence.isError && (
        <ProblemNotice error={evidence.error} retry={() => void evidence.refetch()} />
      )}
      {evidence.data !== undefined && (
        <div className={classes.grid}>
          <VerificationPanel
            verification={evidence.data.verification}
            mayVerify={mayCall(me, 'evidence.verify')}
          />
          <LogPanel health={evidence.data} />
          <PartiesPanel parties={evidence.data.parties} />
        </div>
      )}
    </Page>
  )
}
