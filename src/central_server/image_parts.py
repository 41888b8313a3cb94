"""The parts of images: which there are, in the order that `container.py` says."""

from central_server.images.activities.delete_staged_files import DeleteStagedFilesActivity
from central_server.images.activities.process_image import ProcessImageActivity
from central_server.images.file_routes import ImageFileRoutes
from central_server.images.files import ImageFiles
from central_server.images.links import ImageLinks
from central_server.images.making import ImageMaker
from central_server.images.routes import ImageRoutes
from central_server.images.service import ImageService
from central_server.images.staged import EndedUploads
from central_server.images.uploads import ImageUploads

ROUTES: tuple[type, ...] = (ImageRoutes, ImageFileRoutes)
ACTIVITIES: tuple[type, ...] = (DeleteStagedFilesActivity, ProcessImageActivity)
SERVICES: tuple[type, ...] = (ImageLinks, ImageFiles, ImageService, ImageUploads, ImageMaker, EndedUploads)
