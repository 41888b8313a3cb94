// The renditions of `content` by sharp, from one decoded copy, which is the faster of its two ways; for each line with
// a path, a line with the milliseconds of wall time and of CPU.
import { createInterface } from 'node:readline'
import sharp from 'sharp'

const WIDTHS = [1920, 1280, 640, 320]
const [, , effort, webpEffort] = process.argv.map(Number)

async function make (path) {
  const { data, info } = await sharp(path).rotate().resize({ width: WIDTHS[0], withoutEnlargement: true })
    .raw().toBuffer({ resolveWithObject: true })
  const raw = { width: info.width, height: info.height, channels: info.channels }
  await Promise.all(WIDTHS.flatMap((width) => {
    const one = sharp(data, { raw }).resize({ width })
    return [
      one.clone().avif({ quality: 60, effort, chromaSubsampling: '4:2:0' }).toBuffer(),
      one.clone().webp({ quality: 80, effort: webpEffort }).toBuffer(),
      one.clone().jpeg({ quality: 80 }).toBuffer()
    ]
  }))
}

for await (const path of createInterface({ input: process.stdin })) {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await make(path)
  const wall = performance.now() - start
  const used = process.cpuUsage(cpu)
  const memory = process.resourceUsage().maxRSS / 1024
  console.log(JSON.stringify({ wall, cpu: (used.user + used.system) / 1000, memory }))
}
