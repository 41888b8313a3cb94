"""What is archived of pictures: nothing, as their files are in no archive."""

ARCHIVED = ()
LEFT_OUT = {"images": "an archive holds rows, and no files for these to lead to"}
