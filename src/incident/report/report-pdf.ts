/** A report as PDF: text only, the marking and the page number on every page. */
import type { ReportDocument, ReportSection, ReportTable } from './document.ts'

const MARGIN = 50
const QUIET = '#59636f'
const INK = '#1a2029'
const FACT_NAME_WIDTH = 130
const ROW_GAP = 4

type Page = PDFKit.PDFDocument

export async function reportPdf(report: ReportDocument): Promise<Buffer> {
  // A tenth of all that is loaded at a start, and most gateways never write one.
  const { default: Pdf } = await import('pdfkit')
  const page = new Pdf({
    size: 'A4',
    margins: { top: MARGIN + 14, bottom: MARGIN + 14, left: MARGIN, right: MARGIN },
    bufferPages: true,
    info: { Title: printable(report.title), Creator: 'Custody' },
  })
  const chunks: Buffer[] = []
  const written = new Promise<Buffer>((resolve, reject) => {
    page.on('data', (chunk: Buffer) => chunks.push(chunk))
    page.on('end', () => resolve(Buffer.concat(chunks)))
    page.on('error', reject)
  })
  page.fillColor(INK).font('Helvetica-Bold').fontSize(17).text(printable(report.title))
  page.fillColor(QUIET).font('Helvetica').fontSize(9).text(printable(report.subtitle))
  for (const one of report.summary) drawSection(page, one)
  page.addPage()
  page.fillColor(INK).font('Helvetica-Bold').fontSize(14).text('Technical annex')
  for (const one of report.annex) drawSection(page, one)
  stampPages(page, report.marking)
  page.end()
  return written
}

function drawSection(page: Page, { title, facts, paragraphs, table }: ReportSection): void {
  page.moveDown(0.9)
  page.fillColor(INK).font('Helvetica-Bold').fontSize(11.5).text(printable(title), MARGIN)
  page.moveDown(0.25)
  for (const [name, value] of facts) drawFact(page, name, value)
  page.font('Helvetica').fontSize(9.5).fillColor(INK)
  for (const text of paragraphs) page.text(printable(text), MARGIN, page.y, { paragraphGap: 4 })
  if (table !== null && table.rows.length > 0) drawTable(page, table)
}

function drawFact(page: Page, name: string, value: string): void {
  const width = widthOf(page) - FACT_NAME_WIDTH
  page.font('Helvetica').fontSize(9.5)
  const height = page.heightOfString(printable(value), { width })
  roomFor(page, height)
  const { y } = page
  page.fillColor(QUIET).text(printable(name), MARGIN, y, { width: FACT_NAME_WIDTH })
  page.fillColor(INK).text(printable(value), MARGIN + FACT_NAME_WIDTH, y, { width })
  page.y = y + height + 2
}

function drawTable(page: Page, { head, rows }: ReportTable): void {
  const widths = columnWidths(head, rows, widthOf(page))
  drawRow(page, head, widths, 'Helvetica-Bold')
  for (const row of rows) drawRow(page, row, widths, 'Helvetica')
}

/** Columns share the page by the length of what stands in them, none below a few words. */
function columnWidths(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  whole: number,
): readonly number[] {
  const lengths = head.map((title, at) =>
    Math.min(60, Math.max(12, title.length, ...rows.map((row) => row[at]?.length ?? 0))),
  )
  const sum = lengths.reduce((total, length) => total + length, 0)
  return lengths.map((length) => (whole * length) / sum)
}

function drawRow(
  page: Page,
  cells: readonly string[],
  widths: readonly number[],
  font: string,
): void {
  page.font(font).fontSize(7.5)
  const inner = (at: number): number => (widths[at] ?? 0) - 6
  const heights = cells.map((cell, at) =>
    page.heightOfString(printable(cell), { width: inner(at) }),
  )
  const height = Math.max(...heights)
  roomFor(page, height)
  const { y } = page
  let left = MARGIN
  cells.forEach((cell, at) => {
    page.fillColor(INK).text(printable(cell), left, y, { width: inner(at) })
    left += widths[at] ?? 0
  })
  page.y = y + height + ROW_GAP
  page
    .moveTo(MARGIN, page.y - ROW_GAP / 2)
    .lineTo(MARGIN + widthOf(page), page.y - ROW_GAP / 2)
    .lineWidth(0.4)
    .strokeColor('#e0e4ea')
    .stroke()
}

/** A row is not broken over two pages unless it is longer than one. */
function roomFor(page: Page, height: number): void {
  const bottom = page.page.height - MARGIN - 14
  if (page.y + height > bottom && page.y > MARGIN + 20) page.addPage()
}

function widthOf(page: Page): number {
  return page.page.width - 2 * MARGIN
}

function stampPages(page: Page, marking: string): void {
  const { start, count } = page.bufferedPageRange()
  for (let at = start; at < start + count; at += 1) {
    page.switchToPage(at)
    // Below the margin text would begin a page of its own.
    page.page.margins = { top: 0, bottom: 0, left: 0, right: 0 }
    const { width, height } = page.page
    page.font('Courier-Bold').fontSize(9).fillColor('#000000')
    page.text(printable(marking), MARGIN, 26, {
      width: width - 2 * MARGIN,
      align: 'right',
      lineBreak: false,
    })
    page.font('Helvetica').fontSize(8).fillColor(QUIET)
    page.text(`${at - start + 1} of ${count}`, MARGIN, height - 32, {
      width: width - 2 * MARGIN,
      align: 'center',
      lineBreak: false,
    })
  }
}

/** The standard fonts of PDF know WinAnsi only: other letters are written as their code points, never dropped. */
function printable(text: string): string {
  return text.replaceAll('→', '->').replaceAll(/[^\n\x20-\x7e\xa0-\xff–—‘’“”•…€]/gu, (sign) => {
    const code = sign.codePointAt(0) ?? 0
    return `\\u{${code.toString(16)}}`
  })
}
