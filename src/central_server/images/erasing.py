"""What goes of pictures when a tenant is deleted; their files go with all of its objects."""

from central_server.images.tables import IMAGES
from central_server.infra.db.erasing import erase

ERASURES = (erase(IMAGES),)
