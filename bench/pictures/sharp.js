// Renditions and the blurhash by sharp, from one copy that was decoded and scaled down, which is the faster of its two
// ways. For each line with a usage and a path, a line with the milliseconds of wall time and of CPU.
import { createInterface } from 'node:readline'
import { encode } from 'blurhash'
import sharp from 'sharp'

const SIZES = { content: [1920, 1280, 640, 320], avatar: [512, 256, 128, 64] }
const [, , effort, webpEffort] = process.argv.map(Number)

async function make (usage, path) {
  const box = (size) => usage === 'content' ? { width: size, withoutEnlargement: true } : { width: size, height: size }
  const { data, info } = await sharp(path).rotate().resize(box(SIZES[usage][0])).raw()
    .toBuffer({ resolveWithObject: true })
  const raw = { width: info.width, height: info.height, channels: info.channels }
  const hash = async () => {
    const small = await sharp(data, { raw }).resize(32, 32, { fit: 'inside' }).ensureAlpha().raw()
      .toBuffer({ resolveWithObject: true })
    return encode(new Uint8ClampedArray(small.data), small.info.width, small.info.height, 4, 3)
  }
  await Promise.all([hash(), ...SIZES[usage].flatMap((size) => {
    const one = sharp(data, { raw }).resize(box(size))
    return [
      one.clone().avif({ quality: 60, effort, chromaSubsampling: '4:2:0' }).toBuffer(),
      one.clone().webp({ quality: 80, effort: webpEffort }).toBuffer(),
      one.clone().jpeg({ quality: 80 }).toBuffer()
    ]
  })])
}

for await (const line of createInterface({ input: process.stdin })) {
  const [usage, path] = line.split('\t')
  const cpu = process.cpuUsage()
  const start = performance.now()
  await make(usage, path)
  const wall = performance.now() - start
  const used = process.cpuUsage(cpu)
  const memory = process.resourceUsage().maxRSS / 1024
  console.log(JSON.stringify({ wall, cpu: (used.user + used.system) / 1000, memory }))
}
