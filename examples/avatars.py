"""Give people pictures: run it with `central-server dev -- python examples/avatars.py`.

Against another server, set CENTRAL_URL, CENTRAL_TENANT and CENTRAL_SESSION to those of an owner. It gives the owner a
picture and a logo to the tenant, and takes both away again.
"""

import struct
import zlib

from central_client import Central, JobFailedError


def picture(width: int, height: int) -> bytes:
    """Make a PNG with a gradient, without any library."""
    rows = b"".join(
        b"\0" + bytes(value for x in range(width) for value in (x * 255 // width, y * 255 // height, 160))
        for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def main() -> None:
    """Set an avatar and a logo, see what is refused, and tidy up."""
    with Central() as client:
        me = client.users.me()
        print("1. Who has no picture has initials:", client.users.get(user=me.id).picture_path)
        print("2. A picture in one call: sent, made in a process of its own, and set")
        avatar = client.users.set_avatar(picture(640, 480), progress=True, timeout=120)
        sizes = sorted({one.width for one in avatar.renditions})
        formats = sorted({one.content_type for one in avatar.renditions})
        print(f"   {len(avatar.renditions)} renditions, squares of {sizes}, {formats}, blurhash {avatar.blurhash}")
        print("   it is at", client.users.get(user=me.id).picture_path)
        print("3. A logo, for the sign-in page")
        logo = client.images.upload(picture(600, 200), usage="logo", timeout=120)
        tenant = client.tenants.set_logo_image(image=logo.id)
        print("  ", tenant.logo.path if tenant.logo else None)
        print("4. What is no picture says why")
        try:
            client.images.upload(picture(640, 480)[:900], usage="logo", timeout=120)
        except JobFailedError as failed:
            print(f"   refused: {failed.code}: {failed.message}")
        print("5. Tidy up")
        client.users.remove_avatar(user=me.id)
        client.tenants.remove_logo()
        for image in client.images.list():
            client.images.delete(image=image.id)
        print("Done.")


if __name__ == "__main__":
    main()
