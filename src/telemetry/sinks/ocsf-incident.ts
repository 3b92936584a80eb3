/** A case as an Incident Finding of the Open Cybersecurity Schema Framework. */
import type { SinkEvent } from './sink-event.ts'

const INCIDENT_FINDING = { class_uid: 2005, class_name: 'Incident Finding' } as const

/** Of a case, in the words of the framework. */
const STATUS: Readonly<Record<string, readonly [id: number, name: string]>> = {
  open: [1, 'New'],
  contained: [2, 'In Progress'],
  closed: [5, 'Closed'],
}
const SEVERITY: Readonly<Record<string, readonly [id: number, name: string]>> = {
  low: [2, 'Low'],
  medium: [3, 'Medium'],
  high: [4, 'High'],
  critical: [5, 'Critical'],
}

/** `head` is what every event begins with. */
export function incidentFinding(event: SinkEvent, head: Readonly<Record<string, unknown>>): object {
  const { details = {}, actor = '', records = [] } = event.event ?? {}
  const said = (name: string): string => String(details[name] ?? '')
  const [status_id, status] = STATUS[said('status')] ?? [0, 'Unknown']
  const [severity_id, severity] = SEVERITY[said('severity')] ?? [0, 'Unknown']
  const activity = said('change') === 'opened' ? 1 : said('status') === 'closed' ? 3 : 2
  return {
    ...INCIDENT_FINDING,
    category_uid: 2,
    category_name: 'Findings',
    activity_id: activity,
    activity_name: ['Unknown', 'Create', 'Update', 'Close'][activity] ?? 'Unknown',
    type_uid: INCIDENT_FINDING.class_uid * 100 + activity,
    ...head,
    severity_id,
    severity,
    status_id,
    status,
    message: said('title') === '' ? `Case #${said('number')}` : said('title'),
    finding_info_list: [
      {
        uid: said('case'),
        title: said('title') === '' ? `Case #${said('number')}` : said('title'),
        created_time: Number(details['openedAtMs'] ?? event.atMs),
        modified_time: event.atMs,
        ...(records.length === 0
          ? {}
          : {
              related_events: records.map((uid) => ({ uid: `${uid}.closed`, type_uid: 600301 })),
            }),
      },
    ],
    ...(actor === '' ? {} : { assignee: { uid: actor } }),
    unmapped: { tlp: said('tlp'), sealed: details['sealed'] === true, number: details['number'] },
  }
}
